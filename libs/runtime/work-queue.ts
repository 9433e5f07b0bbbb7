import type { Clock } from './clock.js';

/** No room: `retryAfterMs` is when the queue should have drained. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull';
  readonly retryAfterMs: number;
  constructor(retryAfterMs: number) {
    super(`queue full, retry after ${retryAfterMs} ms`);
    this.retryAfterMs = retryAfterMs;
  }
}

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Pieces of work at once. */
  readonly concurrency: number;
  /** New work is refused when what waits would take longer than this, ms. */
  readonly maxWaitMs: number;
  /** Cost of one piece before any was measured, ms. */
  readonly expectedMs: number;
}

/** Work that goes first is served before any that goes last. */
export type Rank = 'first' | 'last';

/** Share of the newest measurement in the running mean. */
const newest = 0.2;

/**
 * Runs a bounded amount of costly work (password hashes) and measures its cost as it goes: the
 * bound is on the time a newcomer would wait, not on a number of pieces.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #first = new Set<() => void>();
  readonly #last = new Set<() => void>();
  #running = 0;
  #meanMs: number;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#meanMs = options.expectedMs;
  }

  /** Pieces that wait for their turn. */
  get waiting(): number {
    return this.#first.size + this.#last.size;
  }

  /** Pieces that run. */
  get running(): number {
    return this.#running;
  }

  /**
   * Waits for its turn, then runs. Work that goes `'last'` waits for all that waits; the other goes
   * ahead of it, and finds room whatever the queue of the last.
   *
   * @throws QueueFull at once when there is no room; the signal's reason when it is aborted while
   * waiting (work that runs is not stopped).
   */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal, rank: Rank = 'first'): Promise<T> {
    signal?.throwIfAborted();
    const { clock, concurrency, maxWaitMs } = this.#options;
    if (this.#running >= concurrency) {
      const ahead = rank === 'first' ? this.#first.size : this.waiting;
      const waitMs = ((ahead + 1) / concurrency) * this.#meanMs;
      if (waitMs > maxWaitMs) throw new QueueFull(Math.ceil(waitMs));
      await this.#turn(rank === 'first' ? this.#first : this.#last, signal);
    } else {
      this.#running += 1;
    }
    const startedMs = clock.monotonicMs();
    try {
      return await work();
    } finally {
      this.#meanMs += (clock.monotonicMs() - startedMs - this.#meanMs) * newest;
      this.#leave();
    }
  }

  /** Resolves when a piece that ended hands its place over. */
  #turn(waiting: Set<() => void>, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        waiting.delete(enter);
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      waiting.add(enter);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  #leave(): void {
    const waiting = this.#first.size > 0 ? this.#first : this.#last;
    const [next] = waiting;
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    waiting.delete(next);
    next();
  }
}
