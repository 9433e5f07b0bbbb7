import { setTimeout as sleep } from 'node:timers/promises';
import { open, type Database, type RootDatabase } from 'lmdb';
import { ownTransaction, type Checkpoint } from '#libs/subscriber/checkpoint.js';
import { isAfter, type Mark } from '#libs/subscriber/mark.js';

/** What the effects of a handler go through. */
export interface EffectsTx {
  add(id: string): void;
}

interface Effect {
  readonly id: string;
  readonly stream: string;
}

const saveMs = 50;

/** A database of a subscriber: the ids that it handled, in order, and how far it is. */
export class EffectsStore {
  readonly #root: RootDatabase;
  readonly #effects: Database<Effect, number>;
  readonly #marks: Database<Mark, string>;

  constructor(folder: string) {
    this.#root = open({ path: folder, maxDbs: 2, noSubdir: false });
    this.#effects = this.#root.openDB<Effect, number>({ name: 'effects' });
    this.#marks = this.#root.openDB<Mark, string>({ name: 'marks' });
  }

  get handled(): string[] {
    return [...this.#effects.getRange()].map(({ value }) => value.id);
  }

  /** The same, by the stream that they came by. */
  get streams(): ReadonlyMap<string, readonly string[]> {
    const streams = new Map<string, string[]>();
    for (const { value } of this.#effects.getRange()) {
      const ids = streams.get(value.stream) ?? [];
      streams.set(value.stream, ids);
      ids.push(value.id);
    }
    return streams;
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
          void work({ add: (id) => this.#add({ id, stream }) });
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
    await this.#root.transaction(() => this.#add({ id, stream: '' }));
  }

  close(): Promise<void> {
    return this.#root.close();
  }

  #add(effect: Effect): void {
    this.#effects.putSync(this.count, effect);
  }
}
