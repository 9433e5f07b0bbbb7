import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog, LogRecord } from '#libs/ledger/event-log.js';
import { AppendFailed } from '#libs/ledger/event-log.js';

const BATCH = 3;

/** Appends small batches from several lanes until it is stopped, and remembers each outcome. */
export class AppendLoad {
  /** Tag of each acknowledged batch, with the position it was told. */
  readonly acknowledged = new Map<string, number>();
  readonly refused: string[] = [];
  readonly unknown: string[] = [];
  /** How long each failed append took to say so, ms. */
  readonly failedAfterMs: number[] = [];
  /** `performance.now()` of each acknowledgement. */
  readonly acknowledgedAtMs: number[] = [];
  readonly #log: EventLog;
  readonly #lanes: Promise<void>[];
  #running = true;
  #serial = 0;

  constructor(log: EventLog, lanes = 3) {
    this.#log = log;
    this.#lanes = Array.from({ length: lanes }, () => this.#run());
  }

  get failures(): number {
    return this.refused.length + this.unknown.length;
  }

  /** Longest time without an acknowledgement, ms. */
  longestGapMs(): number {
    const at = this.acknowledgedAtMs;
    return at.reduce((gap, now, i) => Math.max(gap, i === 0 ? 0 : now - (at[i - 1] ?? now)), 0);
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#lanes);
  }

  async #run(): Promise<void> {
    while (this.#running) {
      const tag = `batch ${this.#serial++}`;
      const values = Array.from({ length: BATCH }, (_, i) => Buffer.from(`${tag} ${i}`));
      const startedAtMs = performance.now();
      try {
        this.acknowledged.set(tag, await this.#log.append(values));
        this.acknowledgedAtMs.push(performance.now());
      } catch (error) {
        if (!(error instanceof AppendFailed)) throw error;
        (error.outcome === 'none' ? this.refused : this.unknown).push(tag);
        this.failedAfterMs.push(performance.now() - startedAtMs);
        await sleep(20);
      }
      await sleep(1);
    }
  }
}

export interface Findings {
  /** Acknowledged, but not whole at the position that the caller was told. */
  readonly missing: string[];
  /** Acknowledged, and in the log more than once. */
  readonly doubled: string[];
  /** Refused with outcome `none`, and yet in the log. */
  readonly ghosts: string[];
  /** Outcome `unknown`, and in the log: what a writer that guesses "failed" would do twice. */
  readonly written: string[];
}

/** Compares what the callers were told with what the log holds (L1, L2). */
export function findings(load: AppendLoad, records: readonly LogRecord[]): Findings {
  const values = records.map(({ value }) => Buffer.from(value ?? []).toString());
  const copies = new Map<string, number>();
  for (const value of values) copies.set(value, (copies.get(value) ?? 0) + 1);
  const acknowledged = [...load.acknowledged.keys()];
  const parts = (tag: string): string[] => Array.from({ length: BATCH }, (_, i) => `${tag} ${i}`);
  const isAt = (tag: string): boolean => {
    const first = load.acknowledged.get(tag) ?? 0;
    return parts(tag).every((value, i) => values[first + i] === value);
  };
  const isThere = (tag: string): boolean => parts(tag).some((value) => copies.has(value));
  return {
    missing: acknowledged.filter((tag) => !isAt(tag)),
    doubled: acknowledged.filter((tag) => parts(tag).some((v) => (copies.get(v) ?? 0) > 1)),
    ghosts: load.refused.filter(isThere),
    written: load.unknown.filter(isThere),
  };
}

export const nothingWrong = { missing: [], doubled: [], ghosts: [] };
