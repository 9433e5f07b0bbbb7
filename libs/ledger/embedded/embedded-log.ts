import type { Database, RootDatabase } from 'lmdb';
import type { Clock } from '#libs/runtime/clock.js';
import { checkAppend } from '#libs/ledger/append-limits.js';
import type { CommitBell } from '#libs/ledger/embedded/commit-bell.js';
import type { EventLog, LogBatch, LogRecord } from '#libs/ledger/event-log.js';
import { AppendFailed, beyondEnd, PositionOutOfRange } from '#libs/ledger/event-log.js';

/** How long a commit of another process may go unnoticed. Commits of this one ring the bell. */
const FOREIGN_POLL_MS = 25;
const BATCH_RECORDS = 2_048;
const BATCH_BYTES = 4_194_304;
/** Values of one transaction at most: bounds how long the writer lock is held. */
const GROUP_VALUES = 4_096;

/** Stored value: `appendedAtMs` as a big-endian double, then the bytes that were appended. */
const PREFIX_BYTES = 8;

interface PendingAppend {
  readonly values: readonly Uint8Array[];
  readonly resolve: (first: number) => void;
  readonly reject: (error: Error) => void;
}

export interface EmbeddedLogParts {
  readonly name: string;
  readonly environment: RootDatabase<Buffer, number>;
  readonly entries: Database<Buffer, number>;
  readonly bell: CommitBell;
  readonly clock: Clock;
  /** A tail at the end yields at least this often, ms. */
  readonly idleMs: number;
  readonly onClose: () => Promise<void>;
}

/**
 * EventLog on LMDB. Appends that arrive while a transaction is being flushed share the next one, so
 * one flush to disk pays for many. Positions are given out inside the write transaction, of which
 * LMDB allows one at a time over all processes; a transaction is visible only once it is flushed.
 */
export class EmbeddedLog implements EventLog {
  readonly name: string;
  readonly #parts: EmbeddedLogParts;
  readonly #closing = new AbortController();
  #queue: PendingAppend[] = [];
  #committing: Promise<void> | undefined;

  constructor(parts: EmbeddedLogParts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  async append(values: readonly Uint8Array[]): Promise<number> {
    checkAppend(values);
    if (this.#closing.signal.aborted) throw new AppendFailed('none', 'the log is closed');
    return new Promise((resolve, reject) => {
      this.#queue.push({ values, resolve, reject });
      this.#committing ??= this.#commitAll().finally(() => {
        this.#committing = undefined;
      });
    });
  }

  async *tail(from: number, signal: AbortSignal): AsyncGenerator<LogBatch> {
    const { clock, bell, idleMs } = this.#parts;
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    let next = from;
    let reconnected = true;
    while (!stop.aborted) {
      const fetchedAtMs = clock.monotonicMs();
      const { records, end } = this.#fetch(next);
      next += records.length;
      yield { records, end, fetchedAtMs, leaderConfirmedAtMs: fetchedAtMs, reconnected };
      reconnected = false;
      const idleUntilMs = fetchedAtMs + idleMs;
      while (!stop.aborted && this.#endNow() === next && clock.monotonicMs() < idleUntilMs) {
        await bell.wait(clock, Math.min(FOREIGN_POLL_MS, idleMs), stop);
      }
    }
  }

  async read(position: number): Promise<LogRecord | undefined> {
    this.#refresh();
    const stored = this.#parts.entries.get(position);
    return stored === undefined ? undefined : decode(position, stored);
  }

  async end(): Promise<number> {
    return this.#endNow();
  }

  async start(): Promise<number> {
    this.#refresh();
    for (const first of this.#parts.entries.getKeys({ limit: 1 })) return first;
    return 0;
  }

  async trim(before: number): Promise<void> {
    const { entries, environment } = this.#parts;
    for (;;) {
      const left = await environment.childTransaction(() => {
        if (before >= this.#endOfSnapshot()) throw beyondEnd(before);
        const old = [...entries.getKeys({ end: before, limit: GROUP_VALUES })];
        for (const position of old) entries.removeSync(position);
        return old.length === GROUP_VALUES;
      });
      if (!left) return;
    }
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await this.#committing;
    await this.#parts.onClose();
  }

  async #commitAll(): Promise<void> {
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const group = this.#takeGroup();
      try {
        const firsts = await this.#parts.environment.childTransaction(() => this.#write(group));
        group.forEach((pending, i) => pending.resolve(firsts[i] as number));
        this.#parts.bell.ring();
      } catch (cause) {
        for (const { reject } of group) {
          reject(new AppendFailed('unknown', 'the store did not commit the append', cause));
        }
      }
    }
  }

  #takeGroup(): PendingAppend[] {
    let values = 0;
    let appends = 0;
    for (const pending of this.#queue) {
      values += pending.values.length;
      if (appends > 0 && values > GROUP_VALUES) break;
      appends += 1;
    }
    return this.#queue.splice(0, appends);
  }

  /** Runs inside the write transaction. Returns the first position of each append. */
  #write(group: readonly PendingAppend[]): number[] {
    const { entries, clock } = this.#parts;
    let next = this.#endOfSnapshot();
    return group.map(({ values }) => {
      const first = next;
      for (const value of values) {
        entries.putSync(next, encode(clock.wallMs(), value), { append: true });
        next += 1;
      }
      return first;
    });
  }

  #fetch(next: number): { records: LogRecord[]; end: number } {
    const end = this.#endNow();
    if (next > end) throw new PositionOutOfRange(next);
    const records: LogRecord[] = [];
    let bytes = 0;
    for (const { key, value } of this.#parts.entries.getRange({ start: next })) {
      if (key !== next + records.length) throw new PositionOutOfRange(next + records.length);
      records.push(decode(key, value));
      bytes += value.byteLength;
      if (records.length >= BATCH_RECORDS || bytes >= BATCH_BYTES) break;
    }
    return { records, end: Math.max(end, next + records.length) };
  }

  #endNow(): number {
    this.#refresh();
    return this.#endOfSnapshot();
  }

  #endOfSnapshot(): number {
    for (const last of this.#parts.entries.getKeys({ reverse: true, limit: 1 })) return last + 1;
    return 0;
  }

  /** LMDB reads from a snapshot that the binding renews lazily: ask for the newest. */
  #refresh(): void {
    this.#parts.entries.resetReadTxn();
  }
}

function encode(appendedAtMs: number, value: Uint8Array): Buffer {
  const stored = Buffer.allocUnsafe(PREFIX_BYTES + value.byteLength);
  stored.writeDoubleBE(appendedAtMs, 0);
  stored.set(value, PREFIX_BYTES);
  return stored;
}

function decode(position: number, stored: Buffer): LogRecord {
  return {
    position,
    value: new Uint8Array(stored.buffer, stored.byteOffset + PREFIX_BYTES, stored.byteLength - 8),
    control: false,
    appendedAtMs: stored.readDoubleBE(0),
  };
}
