import { Failure } from '#libs/errors/failure.js';
import { openCodec } from '#libs/events/control-codec.js';
import type { PastState } from '#libs/history/replay.js';
import { nextChain } from '#libs/ledger/chain.js';
import { PositionOutOfRange, type EventLog, type LogRecord } from '#libs/ledger/event-log.js';
import { identify, Judge, type Judged } from '#libs/ledger/judge.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import type { Reader } from '#libs/ledger/reader.js';
import { decodeRecord, RecordKind } from '#libs/ledger/record.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { sleep, type Clock } from '#libs/runtime/clock.js';
import { feedEntryOf, type FeedEntry, type FeedStep } from './feed-entry.js';

export interface PastOptions {
  readonly log: EventLog;
  readonly macKeys: MacKeys;
  readonly reader: Reader;
  readonly clock: Clock;
  /** Which epoch a position belongs to, at and after the last restore, or before the only one. */
  readonly epochAt: (position: number) => number;
  /** Nearest state to judge on from, not after a position. */
  readonly nearest: (position: number) => Promise<PastState | undefined>;
}

/** How long a batch of the log may be ahead of the reader's verdicts, ms. */
const aheadMs = 10_000;

/**
 * What follows `after`, read from the log again, with the verdicts of the reader's window: the chain
 * proves that it is the log which the reader has judged. Ends where the window no longer reaches
 * (the consumer was too slow) or the log has nothing more; the caller looks again.
 */
export async function* entriesOfWindow(
  options: PastOptions,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<FeedStep> {
  const { log, reader, epochAt } = options;
  let chain = reader.window.chainAt(after);
  for await (const { records } of inOrder(options, after + 1, signal)) {
    const last = records.at(-1);
    if (last === undefined || !(await reader.waitFor(last.position, aheadMs))) return;
    const entries: FeedEntry[] = [];
    for (const record of records) {
      const { position } = record;
      const expected = reader.window.chainAt(position);
      if (chain === undefined || expected === undefined) return;
      const { hash, mac } = identify(record.control ? null : record.value);
      chain = nextChain(chain, position, hash, mac);
      if (Buffer.compare(chain, expected) !== 0) throw anotherHistory(position);
      const entry = reader.window.acceptedAt(position)
        ? entryOf(log.name, record, epochAt(position))
        : undefined;
      if (entry !== undefined) entries.push(entry);
    }
    yield { entries, through: last.position, atEnd: false };
  }
}

/**
 * What follows `after` where that is older than the window: the ledger is judged again from the
 * nearest snapshot, else from its beginning, up to where the window begins to reach.
 */
export async function* entriesOfReplay(
  options: PastOptions,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<FeedStep> {
  const { log, reader, macKeys } = options;
  const from = await options.nearest(after);
  const empty = { window: new VerdictWindow(), sealed: false };
  const judge = new Judge(macKeys, from?.judge ?? empty);
  let epoch = from?.cluster?.epoch ?? 1;
  for await (const { records } of inOrder(options, judge.window.position + 1, signal)) {
    const entries: FeedEntry[] = [];
    for (const record of records) {
      const judged = judge.judge(record);
      const { accepted, position } = judged;
      epoch = epochAfter(judged, epoch);
      const entry = accepted && position > after ? entryOf(log.name, record, epoch) : undefined;
      if (entry !== undefined) entries.push(entry);
    }
    const { position, chain } = judge.window;
    if (position > after) yield { entries, through: position, atEnd: false };
    const theirs = reader.window.chainAt(position);
    if (theirs === undefined || position <= after) continue;
    if (Buffer.compare(chain, theirs) !== 0) throw anotherHistory(position);
    return;
  }
}

/** Batches of the log; between two of them everybody else gets a turn. */
async function* inOrder(
  { log, clock }: PastOptions,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<{ readonly records: readonly LogRecord[] }> {
  try {
    for await (const batch of log.tail(from, signal)) {
      yield batch;
      await sleep(clock, 0, signal);
    }
  } catch (error) {
    if (error instanceof PositionOutOfRange) throw anotherHistory(error.position);
    throw error;
  }
}

function entryOf(
  ledger: string,
  { position, value }: LogRecord,
  epoch: number,
): FeedEntry | undefined {
  const decoded = decodeRecord(value ?? new Uint8Array(0));
  if (typeof decoded === 'string') return undefined;
  return feedEntryOf(ledger, position, decoded.header, decoded.payload, epoch);
}

function epochAfter({ accepted, header, payload }: Judged, epoch: number): number {
  if (!accepted || header?.kind !== RecordKind.OPEN) return epoch;
  const opened = openCodec.decode(payload ?? new Uint8Array(0));
  return opened.ok ? Math.max(epoch, opened.value.epoch) : epoch;
}

/** The log is not (or no longer) the one that was read. */
export function anotherHistory(position: number): Failure {
  return new Failure('DIVERGED', `the ledger changed its history at position ${position}`, {
    facts: { position: String(position) },
  });
}
