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

/** Runs a bounded amount of costly work (password hashes); measures its cost as it goes. */
export class WorkQueue {
  constructor(_options: WorkQueueOptions) {}
  /** Waits for its turn, then runs. @throws QueueFull at once when there is no room. */
  run<T>(_work: () => Promise<T>, _signal?: AbortSignal): Promise<T> {
    throw new Error('being written');
  }
}
