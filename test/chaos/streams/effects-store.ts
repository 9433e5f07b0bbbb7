import { setTimeout as sleep } from 'node:timers/promises';
import { open, type Database, type RootDatabase } from 'lmdb';
import { ownTransaction, type Checkpoint } from '#libs/subscriber/checkpoint.js';
import { isAfter, type Mark } from '#libs/subscriber/mark.js';

/** What the effects of a handler go through. */
export interface EffectsTx {
  add(id: string): void;
}

const saveMs = 50;

/** A database of a subscriber: the ids that it handled, in order, and how far it is. */
export class EffectsStore {
  readonly #root: RootDatabase;
  readonly #effects: Database<string, number>;
  readonly #marks: Database<Mark, string>;

  constructor(folder: string) {
    this.#root = open({ path: folder, maxDbs: 2, noSubdir: false });
    this.#effects = this.#root.openDB<string, number>({ name: 'effects' });
    this.#marks = this.#root.openDB<Mark, string>({ name: 'marks' });
  }

  get handled(): string[] {
    return [...this.#effects.getRange()].map(({ value }) => value);
  }

  get count(): number {
    for (const last of this.#effects.getKeys({ reverse: true, limit: 1 })) return last + 1;
    return 0;
  }

  /** Effect and mark in one transaction of the database. */
  get transaction(): Checkpoint<EffectsTx> {
    return ownTransaction<EffectsTx>({
      load: (stream) => Promise.resolve(this.#marks.get(stream)),
      transact: ({ stream, to }, work) =>
        this.#root.transaction(() => {
          if (!isAfter(to, this.#marks.get(stream))) return false;
          void work({ add: (id) => this.#add(id) });
          this.#marks.putSync(stream, to);
          return true;
        }),
    });
  }

  /** The same database, without the transaction: for what goes wrong then. */
  get apart(): Checkpoint<undefined> {
    return {
      kind: 'stored',
      load: (stream) => Promise.resolve(this.#marks.get(stream)),
      save: async (stream, mark) => {
        // As commits of offsets are: now and then, not after each event.
        await sleep(saveMs);
        await this.#root.transaction(() => this.#marks.putSync(stream, mark));
      },
    };
  }

  /** An effect by itself. */
  async add(id: string): Promise<void> {
    await this.#root.transaction(() => this.#add(id));
  }

  close(): Promise<void> {
    return this.#root.close();
  }

  #add(id: string): void {
    this.#effects.putSync(this.count, id);
  }
}
