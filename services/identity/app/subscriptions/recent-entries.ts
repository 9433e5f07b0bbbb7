import type { Judged } from '#libs/ledger/judge.js';
import { feedEntryOf, type FeedEntry, type FeedStep } from './feed-entry.js';

/** Entries kept for streams that are at the end of the ledger; who falls behind reads the log. */
const kept = 8_192;
/** Entries of one step: what a stream holds at once. */
const stepEntries = 256;

/**
 * What was accepted last, made public once for all streams. It covers the positions after `since`;
 * while nobody listens nothing is kept.
 */
export class RecentEntries {
  readonly #ledger: string;
  #entries: FeedEntry[] = [];
  #since: number | undefined;
  #through = -1;

  constructor(ledger: string) {
    this.#ledger = ledger;
  }

  /** Begins to keep what follows `position`. */
  begin(position: number): void {
    this.#entries = [];
    this.#since = position;
    this.#through = position;
  }

  stop(): void {
    this.#entries = [];
    this.#since = undefined;
  }

  /** `epochAt`: which epoch a position belongs to. */
  take(batch: readonly Judged[], epochAt: (position: number) => number): void {
    const last = batch.at(-1);
    if (this.#since === undefined || last === undefined) return;
    for (const { accepted, position, header, payload } of batch) {
      if (!accepted || header === undefined) continue;
      const bytes = payload ?? new Uint8Array(0);
      const entry = feedEntryOf(this.#ledger, position, header, bytes, epochAt(position));
      if (entry !== undefined) this.#entries.push(entry);
    }
    this.#through = last.position;
    if (this.#entries.length <= 2 * kept) return;
    const dropped = this.#entries.splice(0, this.#entries.length - kept);
    this.#since = dropped.at(-1)?.position ?? this.#since;
  }

  /** Whether everything after `position` is here. */
  covers(position: number): boolean {
    return this.#since !== undefined && position >= this.#since && position <= this.#through;
  }

  /** What follows `position`, which is covered. */
  after(position: number): FeedStep {
    const first = firstAfter(this.#entries, position);
    const entries = this.#entries.slice(first, first + stepEntries);
    const all = first + entries.length === this.#entries.length;
    const through = all ? this.#through : (entries.at(-1)?.position ?? position);
    return { entries, through, atEnd: all };
  }
}

function firstAfter(entries: readonly FeedEntry[], position: number): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.position ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
