import { sleep } from '#libs/runtime/clock.js';
import type { BlobCache, CacheEntry } from '#libs/ledger/embedded/blob-cache.js';
import { PositionOutOfRange } from '#libs/ledger/event-log.js';
import type { ResolvedKafkaSettings } from '#libs/ledger/kafka/kafka-settings.js';
import type { LeaderWatch } from '#libs/ledger/kafka/leader-watch.js';
import type { PartitionEntry } from '#libs/ledger/kafka/partition-requests.js';
import type { PartitionBatch } from '#libs/ledger/kafka/partition-tail.js';
import { tailPartition } from '#libs/ledger/kafka/partition-tail.js';
import { TOMBSTONE_MS } from '#libs/ledger/kafka/topic-spec.js';
import { within } from '#libs/ledger/kafka/within.js';

/** A cache that lags more may have missed a tombstone that compaction has removed since. */
const LONGEST_LAG_MS = TOMBSTONE_MS / 2;
/** How often the progress of an idle vault is written down, ms. */
const NOTE_EVERY_MS = 60_000;
const PAUSE_MS = 500;

interface Waiter {
  readonly next: number;
  readonly resolve: () => void;
}

/** Keeps the cache up with the topic, and tells how far it has come. */
export class VaultFollower {
  readonly #settings: ResolvedKafkaSettings;
  readonly #watch: LeaderWatch;
  readonly #cache: BlobCache;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #waiters: Waiter[] = [];
  #next = 0;
  #caughtUp = false;
  #caughtUpWaiters: (() => void)[] = [];
  #notedAtMs = Number.NEGATIVE_INFINITY;

  constructor(settings: ResolvedKafkaSettings, watch: LeaderWatch, cache: BlobCache) {
    this.#settings = settings;
    this.#watch = watch;
    this.#cache = cache;
    this.#done = this.#follow();
  }

  /** Resolves once everything before `next` is in the cache; rejects with TimedOut. */
  reached(next: number, timeoutMs: number): Promise<void> {
    if (this.#caughtUp && this.#next >= next) return Promise.resolve();
    const work = new Promise<void>((resolve) => {
      this.#waiters.push({ next, resolve });
    });
    return within(this.#settings.clock, timeoutMs, `vault position ${next}`, work);
  }

  /** Resolves once the cache has had everything, since it was opened; rejects with TimedOut. */
  caughtUp(timeoutMs: number): Promise<void> {
    if (this.#caughtUp) return Promise.resolve();
    const work = new Promise<void>((resolve) => {
      this.#caughtUpWaiters.push(resolve);
    });
    return within(this.#settings.clock, timeoutMs, `topic ${this.#watch.topic}`, work);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #follow(): Promise<void> {
    const { clock, onTrouble } = this.#settings;
    const { signal } = this.#stop;
    let worthless = false;
    while (!signal.aborted) {
      try {
        if (worthless) await this.#forget();
        worthless = false;
        await this.#followFromCache();
      } catch (cause) {
        worthless ||= cause instanceof PositionOutOfRange;
        const message = worthless ? 'the local copy is rebuilt' : 'the local copy fails';
        onTrouble({ part: 'tail', topic: this.#watch.topic, message, cause });
        await sleep(clock, PAUSE_MS, signal);
      }
    }
  }

  async #followFromCache(): Promise<void> {
    const from = this.#cache.progress()?.next ?? 0;
    this.#next = from;
    for await (const batch of tailPartition(this.#settings, this.#watch, from, this.#stop.signal)) {
      if (this.#isWorthless(batch)) throw new PositionOutOfRange(batch.next);
      await this.#apply(batch);
    }
  }

  /** True for the copy of another topic, and for one that was left behind for too long. */
  #isWorthless(batch: PartitionBatch): boolean {
    const progress = this.#cache.progress();
    if (progress === undefined) return false;
    const lagMs = this.#settings.clock.wallMs() - progress.caughtUpAtMs;
    return progress.source !== batch.topicId || (batch.reconnected && lagMs > LONGEST_LAG_MS);
  }

  async #apply(batch: PartitionBatch): Promise<void> {
    const { clock } = this.#settings;
    const atEnd = batch.next >= batch.end;
    const noteDue = clock.monotonicMs() - this.#notedAtMs > NOTE_EVERY_MS;
    if (batch.entries.length > 0 || noteDue) {
      const before = this.#cache.progress()?.caughtUpAtMs ?? clock.wallMs();
      await this.#cache.apply(batch.entries.flatMap(cacheEntry), {
        source: batch.topicId,
        next: batch.next,
        caughtUpAtMs: atEnd ? clock.wallMs() : before,
      });
      this.#notedAtMs = clock.monotonicMs();
    }
    this.#next = batch.next;
    if (atEnd) this.#nowCaughtUp();
    if (this.#caughtUp) this.#wakeReached();
  }

  #nowCaughtUp(): void {
    this.#caughtUp = true;
    for (const resolve of this.#caughtUpWaiters.splice(0)) resolve();
  }

  #wakeReached(): void {
    const reached = this.#waiters.filter(({ next }) => next <= this.#next);
    this.#waiters = this.#waiters.filter(({ next }) => next > this.#next);
    for (const { resolve } of reached) resolve();
  }

  async #forget(): Promise<void> {
    this.#caughtUp = false;
    this.#next = 0;
    await this.#cache.clear();
  }
}

/** Entries without a key are not ours; the broker's own have no meaning here. */
function cacheEntry(entry: PartitionEntry): CacheEntry[] {
  const { key, value: blob, control, timestampMs: putAtMs } = entry;
  return key === null || control ? [] : [{ id: key.toString(), blob, putAtMs }];
}
