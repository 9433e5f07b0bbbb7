import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync } from 'node:fs';
import { mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type {
  HeldRevocation,
  RevocationJournal,
} from '#services/identity/ports/revocation-journal.js';

/** A line of JSON each, in the data folder. Ids and causes only: nothing in it is secret. */
export class RevocationJournalFile implements RevocationJournal {
  readonly #path: string;
  readonly #held = new Map<string, HeldRevocation>();
  #unreadable = 0;

  constructor(dataDir: string) {
    this.#path = join(dataDir, 'held-revocations.jsonl');
  }

  get unreadable(): number {
    return this.#unreadable;
  }

  load(): readonly HeldRevocation[] {
    if (!existsSync(this.#path)) return [];
    const lines = readFileSync(this.#path, 'utf8').split('\n');
    // The last line of a process that was killed may be half a one: it was never answered.
    const torn = lines.pop() ?? '';
    const whole = lines.map(parsed);
    this.#unreadable = whole.filter((held) => held === undefined).length;
    for (const held of [...whole, parsed(torn)]) {
      if (held !== undefined) this.#held.set(held.id, held);
    }
    // Behind half a line the next one could not be read either.
    this.#rewrite();
    return [...this.#held.values()];
  }

  add(held: HeldRevocation): void {
    const isNew = !existsSync(this.#path);
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    append(this.#path, `${JSON.stringify(held)}\n`);
    if (isNew) syncFolder(this.#path);
    this.#held.set(held.id, held);
  }

  remove(id: string): void {
    if (this.#held.delete(id)) this.#rewrite();
  }

  #rewrite(): void {
    const lines = [...this.#held.values()].map((held) => `${JSON.stringify(held)}\n`);
    const part = `${this.#path}.part`;
    withFile(part, 'w', (file) => writeThrough(file, lines.join('')));
    renameSync(part, this.#path);
    syncFolder(this.#path);
  }
}

function parsed(line: string): HeldRevocation | undefined {
  try {
    const held = JSON.parse(line) as Partial<HeldRevocation>;
    const { id, call, command } = held;
    const named = typeof call?.tenant === 'string' && typeof call.actor.principal === 'string';
    const whole = typeof id === 'string' && named && typeof command?.type === 'string';
    return whole ? (held as HeldRevocation) : undefined;
  } catch {
    return undefined;
  }
}

/** All of it or nothing: half a line, of a disk that is full, would spoil the next one. */
function append(path: string, line: string): void {
  withFile(path, 'a', (file) => {
    const { size } = fstatSync(file);
    try {
      writeThrough(file, line);
    } catch (error) {
      ftruncateSync(file, size);
      throw error;
    }
  });
}

function writeThrough(file: number, text: string): void {
  writeFileSync(file, text);
  fsyncSync(file);
}

function withFile(path: string, flags: 'a' | 'w', write: (file: number) => void): void {
  const file = openSync(path, flags, 0o600);
  try {
    write(file);
  } finally {
    closeSync(file);
  }
}

/** The name of a file is on the disk when its folder is. */
function syncFolder(path: string): void {
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
