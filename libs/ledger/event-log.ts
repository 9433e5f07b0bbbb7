/** One raw entry of a log, as the store holds it. */
export interface LogRecord {
  /** Offset of the entry: dense, the first is 0. */
  readonly position: number;
  /** The bytes that were appended; `null` for a null value. */
  readonly value: Uint8Array | null;
  /** An entry that the store wrote itself (a Kafka control record). It counts as void. */
  readonly control: boolean;
  /** When the store took the entry, ms since the Unix epoch by the store's clock. */
  readonly appendedAtMs: number;
}

/** What one fetch brought. `records` may be empty: an empty batch at the end proves freshness. */
export interface LogBatch {
  readonly records: readonly LogRecord[];
  /** Position after the last readable entry (the high watermark) at the time of the fetch. */
  readonly end: number;
  /** `Clock.monotonicMs` when the request for this fetch was sent. */
  readonly fetchedAtMs: number;
  /**
   * `Clock.monotonicMs` of the last time a majority of the configured brokers named the leader that
   * this batch came from; -Infinity where none has yet. Equal to `fetchedAtMs` where there is a
   * single store.
   */
  readonly leaderConfirmedAtMs: number;
  /**
   * True for the first batch of a tail, and after each reconnect or change of leader: the reader
   * re-checks its history.
   */
  readonly reconnected: boolean;
}

/** Why an append did not say "done". */
export class AppendFailed extends Error {
  override readonly name = 'AppendFailed';
  /** `none`: surely nothing was or will be written. `unknown`: anything may still happen. */
  readonly outcome: 'none' | 'unknown';
  constructor(outcome: 'none' | 'unknown', message: string, cause?: unknown) {
    super(message, { cause });
    this.outcome = outcome;
  }
}

/** The requested position is not in the log (any more, or yet): the log was cut. */
export class PositionOutOfRange extends Error {
  override readonly name = 'PositionOutOfRange';
  readonly position: number;
  constructor(position: number) {
    super(`position ${position} is not in the log`);
    this.position = position;
  }
}

/** What `trim` rejects with when nothing would be left: the newest entry says where the log ends. */
export function beyondEnd(before: number): RangeError {
  return new RangeError(`a log cannot be trimmed up to ${before}: its newest entry must stay`);
}

/**
 * A durable, totally ordered, dense sequence of byte records: all that the ledger asks of a store.
 *
 * Promises (the contract suite's titles begin with these numbers):
 *  L1 Once `append` resolves, its values are durable, adjacent and in the order given.
 *  L2 An append that rejects with outcome `none` never appears; with `unknown` it may appear later,
 *     once, more than once, or not at all.
 *  L3 Every tail sees the same values at the same positions, without a gap, in order.
 *  L4 Positions are dense and start at 0; nothing is ever skipped, and nothing deleted but by `trim`,
 *     which takes the oldest entries, never the newest, and moves `start`. Positions never change.
 *  L5 A tail that has read everything yields an empty batch at least every `idleMs` (default 500),
 *     whose `end` is the log's end as of a fetch that was sent after the previous batch was yielded.
 *  L6 A tail asked for a position beyond the end of the log, or below its start, rejects with
 *     PositionOutOfRange; a tail whose next position vanishes (the log was cut or trimmed) does too.
 *  L7 `read` returns the entry at a position, or `undefined` when the log has none there.
 *  L8 Values come back byte-identical, of any content, null included, up to MAX_VALUE_BYTES each and
 *     MAX_APPEND_BYTES an append (`append-limits.ts`); more is refused with outcome `none`.
 *  L9 A tail ends, without an error, soon after its signal is aborted or the log is closed;
 *     connection losses are mended inside the tail, and the batch that follows says `reconnected`.
 *     While they last the tail yields nothing: the age of the last batch tells.
 *  L10 Appends of several callers and processes interleave whole: a batch is never split by another.
 */
export interface EventLog {
  /** Name of the log (the topic). */
  readonly name: string;
  /** Resolves with the position of the first value once all are durable; rejects with AppendFailed. */
  append(values: readonly Uint8Array[]): Promise<number>;
  /** Yields all entries from position `from` on, for ever. Several tails may run side by side. */
  tail(from: number, signal: AbortSignal): AsyncIterable<LogBatch>;
  /** One entry. Rejects when the store cannot be reached. */
  read(position: number): Promise<LogRecord | undefined>;
  /** Position after the last readable entry. Rejects when the store cannot be reached. */
  end(): Promise<number>;
  /** The first readable position; 0 unless the log was trimmed. Rejects like `end`. */
  start(): Promise<number>;
  /**
   * Deletes the entries below `before`, for ever. Whoever calls it has made sure that readers can do
   * without them (`trimLedger`). Rejects with RangeError unless `before` lies below the end.
   */
  trim(before: number): Promise<void>;
  close(): Promise<void>;
}
