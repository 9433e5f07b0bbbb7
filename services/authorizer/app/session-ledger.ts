import { LedgerRecords } from '#libs/history/ledger-records.js';
import { sessionLedgerSince } from '#libs/decider/ledger-rules.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { sleep, type Clock } from '#libs/runtime/clock.js';
import type { Follower } from './ledger-view.js';
import type { SessionFold } from './session-fold.js';

export interface SessionLedgerOptions {
  readonly log: Pick<EventLog, 'end' | 'read'>;
  readonly reader: Follower;
  readonly fold: SessionFold;
  readonly clock: Clock;
}

/** Ledger S as this authorizer reads it. A cell below the level that brought it has none. */
export class SessionLedger {
  readonly reader: Follower;
  readonly fold: SessionFold;
  /** Records by their positions. */
  readonly records: LedgerRecords;
  readonly #log: Pick<EventLog, 'end'>;
  readonly #clock: Clock;
  /** The level was raised while this process was answering, and S has not been read to its end yet. */
  #arriving = false;
  /** The look at the end that is under way, and the next one, for all who came meanwhile. */
  #looking: Promise<number> | undefined;
  #nextLook: Promise<number> | undefined;

  constructor({ log, reader, fold, clock }: SessionLedgerOptions) {
    this.#log = log;
    this.records = new LedgerRecords(log, () => reader.window);
    this.reader = reader;
    this.fold = fold;
    this.#clock = clock;
  }

  /**
   * Whether answers rest on it. From a start on it does as soon as L says so; when the level is raised
   * later, only once it was read, so that nothing else waits for that.
   */
  counts(featureLevel: number): boolean {
    return featureLevel >= sessionLedgerSince && !this.#arriving;
  }

  /** The cell has it, and it is being read for the first time: nobody knows yet what it says. */
  isArriving(featureLevel: number): boolean {
    return featureLevel >= sessionLedgerSince && this.#arriving;
  }

  /** The level was raised: until `arrived` nothing can be said of what names anything in S. */
  arriving(): void {
    this.#arriving = true;
  }

  arrived(): void {
    this.#arriving = false;
  }

  /**
   * The end of the log, by a question that is asked from now on; Infinity when it is not answered within
   * `waitMs`. One question at a time, however many want to know.
   */
  async end(waitMs: number): Promise<number> {
    this.#nextLook ??= (this.#looking ?? Promise.resolve(0)).then(() => {
      this.#nextLook = undefined;
      this.#looking = this.#log.end().catch(() => Number.POSITIVE_INFINITY);
      return this.#looking;
    });
    const answered = new AbortController();
    const late = sleep(this.#clock, waitMs, answered.signal).then(() => Number.POSITIVE_INFINITY);
    try {
      return await Promise.race([this.#nextLook, late]);
    } finally {
      answered.abort();
    }
  }
}
