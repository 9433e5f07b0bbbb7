import { Failure } from '#libs/errors/failure.js';
import type { EventLog } from '#libs/ledger/event-log.js';

/**
 * The last position that the log had taken by a time: its append time is at or before `atMs`, that of
 * the next is after. -1: the log was empty then. Append times are the log's own (LogAppendTime) and
 * do not go back; found by halving, with one read a step.
 */
export async function positionAt(
  log: EventLog,
  last: number,
  atMs: number,
  signal: AbortSignal,
): Promise<number> {
  let [before, after] = [(await reachable(log.start())) - 1, last + 1];
  while (after - before > 1) {
    signal.throwIfAborted();
    const middle = Math.floor((before + after) / 2);
    if ((await appendedAt(log, middle)) <= atMs) before = middle;
    else after = middle;
  }
  return before;
}

/** When the log took a record, ms. Rejects LEDGER_UNAVAILABLE. */
export async function appendedAt(log: EventLog, position: number): Promise<number> {
  const record = await reachable(log.read(position));
  if (record === undefined) {
    throw new Failure('DIVERGED', `position ${position} is no longer in the ledger`);
  }
  return record.appendedAtMs;
}

/** What a log answered; LEDGER_UNAVAILABLE when it could not. */
export function reachable<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((cause: unknown) => {
    throw new Failure('LEDGER_UNAVAILABLE', 'the ledger cannot be read: try again', {
      cause,
      retryAfterMs: 500,
    });
  });
}
