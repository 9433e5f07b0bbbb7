import { Failure } from '#libs/errors/failure.js';
import type { Clock } from '#libs/runtime/clock.js';
import { LeakySketch } from '#services/identity/adapters/leaky-sketch.js';
import { sourcePrefix } from '#services/identity/adapters/source-prefix.js';
import type { Attempt, AttemptLimits } from '#services/identity/ports/attempt-limits.js';

export interface GuessLimitsOptions {
  readonly clock: Clock;
  /** Attempts from one source prefix: at once, and each second. Defaults 200 and 20. */
  readonly sourceBurst?: number;
  readonly sourcePerSecond?: number;
  /** Wrong attempts on one account: at once, and each second. Defaults 20 and 0.1. */
  readonly accountBurst?: number;
  readonly accountPerSecond?: number;
}

/** Sources that have logged in to an account: remembered at most; the oldest goes first. */
const MAX_KNOWN = 20_000;

/**
 * Tier 1 of the brakes on guessing. Right passwords are given back, so that only wrong ones count
 * against an account. A source that has logged in to the account before has a bucket of its own:
 * strangers who use up the account's cannot lock its owner out (ASVS 5.0: 6.1.1, 6.3.1).
 */
export class GuessLimits implements AttemptLimits {
  readonly #clock: Clock;
  readonly #sources: LeakySketch;
  readonly #accounts: LeakySketch;
  readonly #known = new Set<string>();

  constructor(options: GuessLimitsOptions) {
    this.#clock = options.clock;
    this.#sources = new LeakySketch({
      burst: options.sourceBurst ?? 200,
      perSecond: options.sourcePerSecond ?? 20,
    });
    this.#accounts = new LeakySketch({
      burst: options.accountBurst ?? 20,
      perSecond: options.accountPerSecond ?? 0.1,
    });
  }

  take(source: string | undefined, account: string, device?: string): Attempt {
    const nowMs = this.#clock.monotonicMs();
    const prefix = source === undefined ? '' : sourcePrefix(source);
    if (source !== undefined) refuseFor(this.#sources.take(prefix, nowMs));
    const pair = `${prefix}\0${account}`;
    const known = device !== undefined || this.#known.has(pair);
    const bucket = bucketOf(pair, account, known, device);
    refuseFor(this.#accounts.take(bucket, nowMs));
    const uncompared = (): void => this.#accounts.giveBack(bucket, this.#clock.monotonicMs());
    const right = (): void => {
      uncompared();
      this.#remember(pair);
    };
    return { known: device !== undefined || (known && source !== undefined), right, uncompared };
  }

  #remember(pair: string): void {
    this.#known.delete(pair);
    if (this.#known.size >= MAX_KNOWN) {
      for (const oldest of this.#known) {
        this.#known.delete(oldest);
        break;
      }
    }
    this.#known.add(pair);
  }
}

/** Whoever is no stranger to the account has a bucket of its own. */
function bucketOf(pair: string, account: string, known: boolean, device?: string): string {
  if (device !== undefined) return `device ${device}\0${account}`;
  return known ? pair : account;
}

function refuseFor(waitMs: number): void {
  if (waitMs === 0) return;
  throw new Failure('TOO_MANY_REQUESTS', 'too many attempts; wait before the next one', {
    retryAfterMs: waitMs,
  });
}
