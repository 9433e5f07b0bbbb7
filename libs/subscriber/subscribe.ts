import { systemClock, type Clock } from '#libs/runtime/clock.js';
import type { Checkpoint } from '#libs/subscriber/checkpoint.js';
import type { Handlers, OnPoison } from '#libs/subscriber/handlers.js';
import type { Mark } from '#libs/subscriber/mark.js';
import type { Source } from '#libs/subscriber/source.js';
import type { Start } from '#libs/subscriber/start.js';
import { SubscriptionRun } from '#libs/subscriber/subscription-run.js';

export interface SubscribeOptions<Tx> {
  readonly source: Source;
  readonly checkpoint: Checkpoint<Tx>;
  /** Where to begin while there is no checkpoint. */
  readonly start: Start;
  readonly on: Handlers<Tx>;
  readonly onPoison: OnPoison;
  /**
   * Handlers at work at once; events of one principal or role stay in order. Default 1: one after the
   * other, in the order of the source. A checkpoint in the caller's transactions allows no other.
   */
  readonly maxInFlight?: number;
  /** Hears why the source had to be connected again. */
  readonly onTrouble?: (error: unknown) => void;
  readonly clock?: Clock;
}

/** What a subscription did so far. */
export interface SubscriptionCounts {
  readonly handled: number;
  /** Repeats that were dropped. */
  readonly repeats: number;
  readonly skipped: number;
  readonly reconnects: number;
}

export interface Subscription {
  /** Resolves once it was stopped, rejects with why it ended by itself. */
  readonly done: Promise<void>;
  readonly counts: SubscriptionCounts;
  /** How far each stream was received. */
  readonly received: ReadonlyMap<string, Mark>;
  /** Takes nothing new, lets handlers finish, saves the checkpoint; rejects like `done`. */
  stop(): Promise<void>;
}

/**
 * Begins to handle public events: each one, in order, whatever breaks in between. Runs until
 * `stop`, a refusal, or a poison event that the caller stops at.
 *
 * @throws TypeError for options that contradict each other.
 */
export function subscribe<Tx = undefined>(options: SubscribeOptions<Tx>): Subscription {
  const { checkpoint, maxInFlight = 1, clock = systemClock } = options;
  if (!Number.isSafeInteger(maxInFlight) || maxInFlight < 1) {
    throw new TypeError('maxInFlight must be a whole number from 1');
  }
  if (checkpoint.kind === 'transaction' && maxInFlight > 1) {
    throw new TypeError('with a checkpoint in your transactions events come one after the other');
  }
  const run = new SubscriptionRun({ ...options, maxInFlight, clock });
  const done = run.run();
  // Whoever only calls `stop` hears of the failure there.
  done.catch(() => undefined);
  return {
    done,
    get counts() {
      return { ...run.counts };
    },
    received: run.received,
    stop: () => {
      run.stop();
      return done;
    },
  };
}
