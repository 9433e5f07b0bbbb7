import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const thisSource = fileURLToPath(new URL('../../services/ledgate/main.ts', import.meta.url));
const startMs = 60_000;
const mostFaults = 5;

/** Identity takes each wrong password for an attack; these are asked again and again. */
export const noBrakes = {
  LEDGATE_LOGIN_SOURCE_BURST: '1000000',
  LEDGATE_LOGIN_SOURCE_PER_SECOND: '1000000',
  LEDGATE_LOGIN_ACCOUNT_BURST: '100',
  LEDGATE_LOGIN_ACCOUNT_PER_MINUTE: '600',
};

export interface ServiceOptions {
  /** Arguments of `ledgate`. */
  readonly args: readonly string[];
  /** The whole of its `LEDGATE_…` environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What it prints once it serves. */
  readonly serves: string;
  /** `main.ts` of another source; default: this one. */
  readonly main?: string | undefined;
}

/** `ledgate …` as a process of its own, which is killed and started again on the same addresses. */
export class ServiceProcess {
  /** How long each completed start took, ms. */
  readonly startsMs: number[] = [];
  kills = 0;
  /** Lines of its log about calls that it failed by its own fault, of all its lives; the first few. */
  readonly faults: string[] = [];
  /** Kinds of the alarms of its ledger, of all its lives. */
  readonly alarms = new Set<string>();
  readonly #options: ServiceOptions;
  #main: string;
  #child: ChildProcess | undefined;
  #said = '';
  #onServing: () => void = () => {};

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#main = options.main ?? thisSource;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** The end of what it printed. */
  get said(): string {
    return this.#said.slice(-4_000);
  }

  /** Starts it; resolves when it serves, rejects with what it said when it ends before. */
  async start(): Promise<void> {
    const startedAtMs = performance.now();
    const child = this.#spawn();
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void =>
        reject(new Error(`${this.#options.args.join(' ')} ${why}:\n${this.said}`));
      const patience = setTimeout(() => fail('does not serve'), startMs);
      this.#onServing = () => {
        clearTimeout(patience);
        resolve();
      };
      child.once('exit', (code, signal) => {
        clearTimeout(patience);
        fail(`ended with ${code ?? signal}`);
      });
    });
    this.startsMs.push(performance.now() - startedAtMs);
  }

  /** Starts it and kills it that much later, wherever it is by then. */
  async killWhileStarting(afterMs: number): Promise<void> {
    this.#spawn();
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await this.kill();
  }

  /** SIGTERM: it drains and ends by itself. From the next start on it runs another source. */
  async retire(successor: string): Promise<void> {
    const child = this.#child;
    if (child === undefined) throw new Error(`nothing to retire: ${this.said}`);
    const gone = once(child, 'close');
    child.kill('SIGTERM');
    await gone;
    this.#main = successor;
  }

  /** SIGSTOP: connections stay open, nothing is answered. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** SIGKILL: nothing is closed, nothing is flushed. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) throw new Error(`nothing to kill: ${this.said}`);
    this.kills += 1;
    await this.#end(child);
  }

  /** Ends it where it still runs. */
  async remove(): Promise<void> {
    if (this.#child !== undefined) await this.#end(this.#child);
  }

  async #end(child: ChildProcess): Promise<void> {
    const gone = once(child, 'close');
    child.kill('SIGKILL');
    await gone;
  }

  #hear(line: string): void {
    this.#said = `${this.#said.slice(-20_000)}${line}\n`;
    const [, alarm] = /"alarm":\{"kind":"([\w-]+)"/u.exec(line) ?? [];
    if (alarm !== undefined) this.alarms.add(alarm);
    const isFault = line.includes('"call failed"') && this.faults.length < mostFaults;
    if (isFault) this.faults.push(line.slice(0, 1_000));
    if (line.includes(this.#options.serves)) this.#onServing();
  }

  #spawn(): ChildProcess {
    if (this.#child !== undefined) throw new Error('it runs already');
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('LEDGATE_'));
    const env = {
      ...Object.fromEntries(own),
      UV_THREADPOOL_SIZE: String(availableParallelism() + 4),
      ...this.#options.env,
    };
    const argv = ['--conditions=source', '--import', 'tsx', this.#main, ...this.#options.args];
    const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#said = '';
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#hear(line));
    }
    const killAtExit = (): void => void child.kill('SIGKILL');
    process.on('exit', killAtExit);
    child.once('close', () => {
      process.off('exit', killAtExit);
      if (this.#child === child) this.#child = undefined;
    });
    return child;
  }
}
