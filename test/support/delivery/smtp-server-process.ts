import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface SmtpServerSettings {
  readonly cert?: string;
  readonly key?: string;
  readonly username?: string;
  readonly password?: string;
  readonly implicitTls?: boolean;
  readonly offerTls?: boolean;
  /** Codes with which the first recipients are answered; then 250. */
  readonly answers?: readonly number[];
}

export interface ReceivedMail {
  readonly to: readonly string[];
  /** Came over TLS. */
  readonly secure: boolean;
  readonly user?: string;
  /** Headers and body as they came. */
  readonly raw: string;
}

export interface SmtpServerProcess {
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
  /** Resolves with the next mail that has not been asked for yet. */
  next(): Promise<ReceivedMail>;
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL('smtp-server.mjs', import.meta.url));

/** A real SMTP server as a process; whoever starts it stops it. */
export async function startSmtpServer(settings: SmtpServerSettings): Promise<SmtpServerProcess> {
  const child = spawn(process.execPath, [program, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const mails: ReceivedMail[] = [];
  const waiting: ((mail: ReceivedMail) => void)[] = [];
  let asked = 0;
  const port = await new Promise<number>((resolve, reject) => {
    child.on('exit', () => reject(new Error('the SMTP server ended')));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as ReceivedMail & { readonly port?: number };
      if (said.port !== undefined) return resolve(said.port);
      mails.push(said);
      waiting.shift()?.(said);
    });
  });
  return {
    port,
    mails,
    next: () => {
      asked += 1;
      const there = mails[asked - 1];
      if (there !== undefined) return Promise.resolve(there);
      return new Promise((resolve) => void waiting.push(resolve));
    },
    stop: async () => {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
