import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';

/** One shell that runs line after line, like the terminal of somebody who follows a document. */
export class PersistentShell {
  readonly #shell: ChildProcessWithoutNullStreams;
  #said = '';
  #lines = 0;
  #heard = (): void => {};

  constructor(cwd: string, env: Readonly<Record<string, string>>) {
    this.#shell = spawn('bash', ['--noprofile', '--norc'], { cwd, env });
    const hear = (chunk: unknown): void => {
      this.#said += String(chunk);
      this.#heard();
    };
    this.#shell.stdout.on('data', hear);
    this.#shell.stdin.write('exec 2>&1\n');
  }

  /** Runs a line to its end; what goes to the background goes on. */
  async run(line: string): Promise<{ readonly code: number; readonly output: string }> {
    const mark = `--- line ${++this.#lines} ended with`;
    const from = this.#said.length;
    this.#shell.stdin.write(`{ ${line}\n} < /dev/null\necho "${mark} $?"\n`);
    const ended = new RegExp(`${mark} (\\d+)\\n`);
    for (;;) {
      const match = ended.exec(this.#said.slice(from));
      if (match) {
        return { code: Number(match[1]), output: this.#said.slice(from, from + match.index) };
      }
      if (this.#shell.exitCode !== null) throw new Error(`the shell ended: ${this.#said}`);
      await new Promise<void>((resolve) => (this.#heard = resolve));
    }
  }

  /** Ends what is still in the background, then the shell. */
  async close(): Promise<void> {
    const ended = once(this.#shell, 'close');
    this.#shell.stdin.end('kill $(jobs -p) 2>/dev/null\nwait\nexit\n');
    await ended;
  }
}
