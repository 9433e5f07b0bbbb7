import type { StoredCheckpoint } from '#libs/subscriber/checkpoint.js';
import type { Mark } from '#libs/subscriber/mark.js';

interface Entry {
  readonly mark: Mark;
  done: boolean;
}

/**
 * Saves the mark before which everything is done, however the work beside it overlaps. One save of a
 * stream at a time; marks that come meanwhile share the next one.
 */
export class DoneMarks {
  readonly #store: StoredCheckpoint;
  readonly #onFailure: (error: unknown) => void;
  readonly #open = new Map<string, Entry[]>();
  readonly #next = new Map<string, Mark>();
  readonly #saving = new Map<string, Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  /** `onFailure` is called once, with what the first save to fail threw. */
  constructor(store: StoredCheckpoint, onFailure: (error: unknown) => void) {
    this.#store = store;
    this.#onFailure = onFailure;
  }

  /** Announces work, in order; what is returned says that it is done. */
  begin(stream: string, mark: Mark): () => void {
    const entry: Entry = { mark, done: false };
    const open = this.#open.get(stream) ?? [];
    this.#open.set(stream, open);
    open.push(entry);
    return () => {
      entry.done = true;
      let last: Mark | undefined;
      while (open[0]?.done === true) last = open.shift()?.mark;
      if (last !== undefined) this.#save(stream, last);
    };
  }

  /** Resolves once everything that is done is saved. */
  async flush(): Promise<void> {
    while (this.#saving.size > 0) await Promise.all(this.#saving.values());
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #save(stream: string, mark: Mark): void {
    this.#next.set(stream, mark);
    if (this.#saving.has(stream)) return;
    const run = async (): Promise<void> => {
      try {
        for (let next = this.#next.get(stream); next; next = this.#next.get(stream)) {
          this.#next.delete(stream);
          await this.#store.save(stream, next);
        }
      } catch (error) {
        if (this.#failure === undefined) this.#onFailure(error);
        this.#failure ??= { error };
      }
      this.#saving.delete(stream);
    };
    this.#saving.set(stream, run());
  }
}
