import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

/** `ledgate dev` in a process of its own, which can be killed. */
export class ServiceProcess {
  readonly #dataDir: string;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;

  /** `env` wins over the environment of this process. */
  constructor(dataDir: string, env: Readonly<Record<string, string>>) {
    this.#dataDir = dataDir;
    this.#env = env;
  }

  /** Starts and resolves when it serves; rejects with what it said when it ends before. */
  async start(): Promise<void> {
    const main = fileURLToPath(new URL('../main.js', import.meta.url));
    const args = [...process.execArgv, main, '--data', this.#dataDir, 'dev', '--no-demo'];
    const env = { ...process.env, ...this.#env };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (chunk) => (said += String(chunk)));
      child.stdout.on('data', (chunk) => {
        said += String(chunk);
        if (said.includes('Ledgate serves')) resolve();
      });
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`ended with ${code}:\n${said}`)));
    });
  }

  /** kill -9: nothing is closed, nothing is flushed. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}

/** `127.0.0.1:<a port that was free just now>` */
export async function freeAddress(): Promise<string> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}
