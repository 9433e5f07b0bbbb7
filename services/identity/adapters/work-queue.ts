import { Failure } from '#libs/errors/failure.js';
import type { Clock } from '#libs/runtime/clock.js';

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Jobs that run at the same time. */
  readonly parallel: number;
  /** Longest wait that a new job may face, ms; a job that would wait longer is refused. */
  readonly maxWaitMs: number;
  /** First guess of the length of a job, ms; the measured mean replaces it. */
  readonly expectedJobMs: number;
}

interface Waiting {
  readonly start: () => void;
  readonly signal: AbortSignal | undefined;
}

/** Weight of the newest measurement in the running mean. */
const NEWEST = 0.1;

/** Runs equal, costly jobs with bounded parallelism and a queue bounded in *time*, not in number. */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #waiting: Waiting[] = [];
  #running = 0;
  #meanMs: number;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#meanMs = options.expectedJobMs;
  }

  /** Jobs that wait now. */
  get depth(): number {
    return this.#waiting.length;
  }

  /** Rejects OVERLOADED when the queue is full, CANCELLED when `signal` aborts before the start. */
  async run<T>(job: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#running >= this.#options.parallel) await this.#turn(signal);
    else this.#running += 1;
    const startedMs = this.#options.clock.monotonicMs();
    try {
      return await job();
    } finally {
      const tookMs = this.#options.clock.monotonicMs() - startedMs;
      this.#meanMs += NEWEST * (tookMs - this.#meanMs);
      this.#next();
    }
  }

  /** Waits for a slot; the slot is handed over, so `#running` does not change. */
  #turn(signal: AbortSignal | undefined): Promise<void> {
    const waitMs = ((this.#waiting.length + 1) * this.#meanMs) / this.#options.parallel;
    if (waitMs > this.#options.maxWaitMs) {
      throw new Failure('OVERLOADED', 'too many passwords are being checked; try again later', {
        retryAfterMs: Math.ceil(waitMs / 2),
      });
    }
    return new Promise((resolve, reject) => {
      const entry: Waiting = {
        start: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
        signal,
      };
      const onAbort = (): void => {
        const at = this.#waiting.indexOf(entry);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(new Failure('CANCELLED', 'the caller gave up'));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(entry);
    });
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next.start();
  }
}
