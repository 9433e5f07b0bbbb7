import type { EventLog, LogBatch, LogRecord } from '#libs/ledger/event-log.js';

/** Follows a log from its start, and checks as it goes that there is no gap (L3, L4). */
export class TailFollower {
  readonly records: LogRecord[] = [];
  readonly gaps: string[] = [];
  /** How many batches said `reconnected`; the first always does. */
  reconnects = 0;
  /** `performance.now()` of the last batch. */
  lastBatchAtMs = performance.now();
  last: LogBatch | undefined;
  /** What ended the tail, if an error did. */
  error: unknown;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(log: EventLog) {
    this.#done = this.#follow(log);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #follow(log: EventLog): Promise<void> {
    try {
      for await (const batch of log.tail(0, this.#stop.signal)) {
        for (const record of batch.records) {
          const expected = this.records.length;
          if (record.position !== expected) this.gaps.push(`${record.position} for ${expected}`);
          this.records.push(record);
        }
        if (batch.reconnected) this.reconnects += 1;
        this.lastBatchAtMs = performance.now();
        this.last = batch;
      }
    } catch (error) {
      this.error = error;
    }
  }
}
