import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type {
  HeldRevocation,
  RevocationJournal,
} from '#services/identity/ports/revocation-journal.js';

/** A line of JSON each, in the data folder. Ids and causes only: nothing in it is secret. */
export class RevocationJournalFile implements RevocationJournal {
  readonly #path: string;
  readonly #held = new Map<string, HeldRevocation>();

  constructor(dataDir: string) {
    this.#path = join(dataDir, 'held-revocations.jsonl');
  }

  load(): readonly HeldRevocation[] {
    if (!existsSync(this.#path)) return [];
    for (const line of readFileSync(this.#path, 'utf8').split('\n')) {
      const held = parsed(line);
      if (held !== undefined) this.#held.set(held.id, held);
    }
    // Behind half a line the next one could not be read either.
    this.#rewrite();
    return [...this.#held.values()];
  }

  add(held: HeldRevocation): void {
    this.#held.set(held.id, held);
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    writeThrough(this.#path, 'a', `${JSON.stringify(held)}\n`);
  }

  remove(id: string): void {
    if (this.#held.delete(id)) this.#rewrite();
  }

  #rewrite(): void {
    const lines = [...this.#held.values()].map((held) => `${JSON.stringify(held)}\n`);
    writeThrough(`${this.#path}.part`, 'w', lines.join(''));
    renameSync(`${this.#path}.part`, this.#path);
  }
}

/** The last line of a process that was killed may be half a one: it was never answered. */
function parsed(line: string): HeldRevocation | undefined {
  try {
    const held = JSON.parse(line) as Partial<HeldRevocation>;
    const whole = typeof held.id === 'string' && held.call !== undefined && held.command;
    return whole ? (held as HeldRevocation) : undefined;
  } catch {
    return undefined;
  }
}

function writeThrough(path: string, flags: 'a' | 'w', text: string): void {
  const file = openSync(path, flags, 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
