import { sleep, type Clock } from '#libs/runtime/clock.js';
import { LedgateError } from '#libs/client/ledgate-error.js';

const maxAttempts = 4;
const firstDelayMs = 10;
const maxDelayMs = 100;

/**
 * Keeps retries a small part of the traffic, so that a struggling authorizer is not buried under
 * them (gRPC A6): a failure costs a token, a success gives a tenth back, and below half nobody
 * retries.
 */
export class RetryBudget {
  readonly #size: number;
  #tokens: number;

  constructor(size = 20) {
    this.#size = size;
    this.#tokens = size;
  }

  get allows(): boolean {
    return this.#tokens > this.#size / 2;
  }

  succeeded(): void {
    this.#tokens = Math.min(this.#size, this.#tokens + 0.1);
  }

  failed(): void {
    this.#tokens = Math.max(0, this.#tokens - 1);
  }
}

export interface RetryContext {
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly budget: RetryBudget;
}

/** Full jitter, and never earlier than the authorizer asked for. */
function delayBefore(attempt: number, error: LedgateError, random: () => number): number {
  const ceiling = Math.min(maxDelayMs, firstDelayMs * 2 ** attempt);
  return Math.max(error.retryAfterMs ?? 0, random() * ceiling);
}

/**
 * Runs `attempt` until it succeeds, fails for good, or the time is up; `deadlineAtMs` is a reading
 * of the monotonic clock. Rejects with the error of the last attempt.
 */
export async function withRetries<T>(
  attempt: (number: number) => Promise<T>,
  deadlineAtMs: number,
  { clock, random, budget }: RetryContext,
): Promise<T> {
  for (let number = 0; ; number += 1) {
    try {
      const result = await attempt(number);
      budget.succeeded();
      return result;
    } catch (error) {
      if (!(error instanceof LedgateError) || !error.retryable) throw error;
      budget.failed();
      const delayMs = delayBefore(number, error, random);
      const late = clock.monotonicMs() + delayMs >= deadlineAtMs;
      if (late || number + 1 >= maxAttempts || !budget.allows) throw error;
      await sleep(clock, delayMs);
    }
  }
}
