import { createInterface } from 'node:readline';
import { Failure } from '#libs/errors/failure.js';

/** Standard input line by line, asked for as it is needed: how secrets come in. */
export class StdinLines {
  #lines: AsyncIterator<string> | undefined;
  #close: (() => void) | undefined;

  /** The next line. Rejects INVALID_ARGUMENT when there is none, or it is empty. */
  async next(what: string): Promise<string> {
    if (process.stdin.isTTY) process.stderr.write(`${what} (visible while you type): `);
    if (this.#lines === undefined) {
      const reader = createInterface({ input: process.stdin });
      this.#lines = reader[Symbol.asyncIterator]();
      this.#close = () => reader.close();
    }
    const line = await this.#lines.next();
    if (line.done === true || line.value === '') {
      throw new Failure('INVALID_ARGUMENT', `no ${what.toLowerCase()} on standard input`);
    }
    return line.value;
  }

  close(): void {
    this.#close?.();
  }
}
