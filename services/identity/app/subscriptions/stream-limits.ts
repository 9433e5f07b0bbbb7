import { Failure } from '#libs/errors/failure.js';

export interface StreamLimitSettings {
  /** Open streams of this instance. */
  readonly total: number;
  /** Open streams of one principal. */
  readonly perCaller: number;
}

/** Reads of the past at once: each judges or hashes the ledger record by record. */
const mostReplays = 4;

/** Counts open streams, and those among them that read the past. */
export class StreamLimits {
  readonly #settings: StreamLimitSettings;
  readonly #byCaller = new Map<string, number>();
  #total = 0;
  #replays = 0;

  constructor(settings: StreamLimitSettings) {
    this.#settings = settings;
  }

  /** Open streams. */
  get open(): number {
    return this.#total;
  }

  /**
   * A place for a stream of `caller`; give it back with what is returned.
   *
   * @throws Failure LIMIT_REACHED: too many of this caller; OVERLOADED: too many at all.
   */
  enter(caller: string): () => void {
    const own = this.#byCaller.get(caller) ?? 0;
    if (own >= this.#settings.perCaller) {
      const text = `this caller has ${own} streams open here, which is the most: close one`;
      throw new Failure('LIMIT_REACHED', text);
    }
    if (this.#total >= this.#settings.total) {
      throw new Failure('OVERLOADED', 'this instance has its most streams open: ask another one', {
        retryAfterMs: 5_000,
      });
    }
    this.#total += 1;
    this.#byCaller.set(caller, own + 1);
    return () => {
      this.#total -= 1;
      const left = (this.#byCaller.get(caller) ?? 1) - 1;
      if (left > 0) this.#byCaller.set(caller, left);
      else this.#byCaller.delete(caller);
    };
  }

  /** The same for a read of the past. Throws OVERLOADED. */
  enterReplay(): () => void {
    if (this.#replays >= mostReplays) {
      throw new Failure('OVERLOADED', 'this instance reads the past for others: try again', {
        retryAfterMs: 1_000,
      });
    }
    this.#replays += 1;
    return () => {
      this.#replays -= 1;
    };
  }
}
