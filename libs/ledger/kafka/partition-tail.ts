import { sleep } from '#libs/runtime/clock.js';
import { PositionOutOfRange } from '#libs/ledger/event-log.js';
import { errorCodeOf } from '#libs/ledger/kafka/broker-link.js';
import type { ResolvedKafkaSettings } from '#libs/ledger/kafka/kafka-settings.js';
import { LeaderLink } from '#libs/ledger/kafka/leader-link.js';
import type { LeaderWatch } from '#libs/ledger/kafka/leader-watch.js';
import type { FetchedEntries } from '#libs/ledger/kafka/partition-requests.js';
import { fetchEntries } from '#libs/ledger/kafka/partition-requests.js';
import { unlessAborted } from '#libs/ledger/kafka/within.js';

/** One fetch; the times and `reconnected` are those of `LogBatch`. */
export interface PartitionBatch extends FetchedEntries {
  readonly fetchedAtMs: number;
  readonly leaderConfirmedAtMs: number;
  readonly reconnected: boolean;
  readonly topicId: string;
}

const FETCH_BYTES = 4_194_304;
/** Part of the idle time that the broker may wait; the rest is for the way there and back. */
const WAIT_SHARE = 0.9;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** A new leader may lag with its high watermark: what was readable is there again in moments. */
const WATERMARK_LAG_MS = 5_000;

/**
 * Follows the partition from `from` on, without a consumer group, on a connection of its own. Ends
 * when the signal is aborted; throws PositionOutOfRange when the position is not in the log or the
 * topic is another one than before; mends everything else.
 */
export async function* tailPartition(
  settings: ResolvedKafkaSettings,
  watch: LeaderWatch,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<PartitionBatch> {
  const tail = new PartitionTail(settings, watch, from);
  try {
    while (!signal.aborted) {
      const batch = await unlessAborted(signal, tail.fetch());
      if (batch === undefined) continue;
      if (batch === 'again') await sleep(settings.clock, tail.pauseMs(), signal);
      else yield batch;
    }
  } finally {
    tail.close();
  }
}

class PartitionTail {
  readonly #settings: ResolvedKafkaSettings;
  readonly #watch: LeaderWatch;
  readonly #leader: LeaderLink;
  #position: number;
  #topicId: string | undefined;
  #reconnected = true;
  #failures = 0;
  #laggingSinceMs: number | undefined;
  #closed = false;

  constructor(settings: ResolvedKafkaSettings, watch: LeaderWatch, from: number) {
    this.#settings = settings;
    this.#watch = watch;
    this.#leader = new LeaderLink(settings, watch);
    this.#position = from;
  }

  close(): void {
    this.#closed = true;
    this.#leader.close();
  }

  /** Exponential, with jitter: many readers must not come back in step. */
  pauseMs(): number {
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
    return longest * (0.5 + Math.random() / 2);
  }

  /** One fetch, or `again` after a pause when it failed. */
  async fetch(): Promise<PartitionBatch | 'again'> {
    try {
      const batch = await this.#fetchOnce();
      this.#failures = 0;
      return batch;
    } catch (cause) {
      if (cause instanceof PositionOutOfRange) throw cause;
      if (errorCodeOf(cause) === 'OFFSET_OUT_OF_RANGE')
        throw new PositionOutOfRange(this.#position);
      this.#failed(cause as Error);
      return 'again';
    }
  }

  async #fetchOnce(): Promise<PartitionBatch | 'again'> {
    const { clock, idleMs, requestTimeoutMs } = this.#settings;
    const before = this.#leader.current();
    const open = await this.#leader.get(requestTimeoutMs);
    if (open.link !== before) this.#reconnected = true;
    this.#checkTopic(open.leader.topicId);
    const fetchedAtMs = clock.monotonicMs();
    // A reader that just connected wants to know at once where it stands.
    const maxWaitMs = this.#reconnected ? 0 : Math.round(idleMs * WAIT_SHARE);
    const options = { maxWaitMs, maxBytes: FETCH_BYTES };
    const fetched = await fetchEntries(open.link, this.#watch.topic, this.#position, options);
    this.#checkTopic(this.#watch.topicId() ?? open.leader.topicId);
    if (this.#lags(fetched.end)) return 'again';
    this.#position = fetched.next;
    const reconnected = this.#reconnected;
    this.#reconnected = false;
    const leaderConfirmedAtMs = this.#watch.confirmedAtMs(open.leader, fetchedAtMs);
    const { topicId } = open.leader;
    return { ...fetched, fetchedAtMs, leaderConfirmedAtMs, reconnected, topicId };
  }

  #checkTopic(topicId: string): void {
    this.#topicId ??= topicId;
    if (this.#topicId !== topicId) throw new PositionOutOfRange(this.#position);
  }

  #lags(end: number): boolean {
    if (end >= this.#position) {
      this.#laggingSinceMs = undefined;
      return false;
    }
    const nowMs = this.#settings.clock.monotonicMs();
    this.#laggingSinceMs ??= nowMs;
    if (nowMs - this.#laggingSinceMs > WATERMARK_LAG_MS) {
      throw new PositionOutOfRange(this.#position);
    }
    return true;
  }

  #failed(cause: Error): void {
    this.#failures += 1;
    this.#reconnected = true;
    this.#leader.drop(cause);
    if (this.#closed) return;
    const message = `the tail lost its leader at position ${this.#position}`;
    this.#settings.onTrouble({ part: 'tail', topic: this.#watch.topic, message, cause });
  }
}
