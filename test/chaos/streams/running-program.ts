import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** A program of this folder in a process of its own, killed and started again. */
export class RunningProgram {
  kills = 0;
  /** Lines that it should not have said. */
  readonly complaints: string[] = [];
  /** The last `count …` that it printed. */
  count = 0;
  readonly #program: string;
  readonly #options: object;
  #child: ChildProcess | undefined;
  #up: (() => void) | undefined;

  constructor(program: string, options: object) {
    this.#program = program;
    this.#options = options;
  }

  /** Starts it; resolves once it says `up`. */
  async start(): Promise<void> {
    const argv = ['--conditions=source', '--import', 'tsx', `${folder}${this.#program}`];
    const child = spawn(process.execPath, [...argv, JSON.stringify(this.#options)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#hear(line));
    }
    const killAtExit = (): void => void child.kill('SIGKILL');
    process.on('exit', killAtExit);
    child.once('close', () => process.off('exit', killAtExit));
    await new Promise<void>((resolve, reject) => {
      this.#up = resolve;
      child.once('exit', () => reject(new Error(`${this.#program}: ${this.complaints.join()}`)));
    });
  }

  /** SIGKILL: nothing is flushed, nothing is closed. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) throw new Error(this.complaints.join());
    this.kills += 1;
    await this.remove();
  }

  async remove(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'close');
    child.kill('SIGKILL');
    await gone;
  }

  #hear(line: string): void {
    if (line === 'up') this.#up?.();
    else if (line.startsWith('count ')) this.count = Number(line.slice(6));
    else if (!line.startsWith('trouble ') && this.complaints.length < 5) this.complaints.push(line);
  }
}
