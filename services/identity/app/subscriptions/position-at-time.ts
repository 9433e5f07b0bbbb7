import { Failure } from '#libs/errors/failure.js';
import type { EventLog } from '#libs/ledger/event-log.js';

/**
 * The first position that the log took at `atMs` (ms since the Unix epoch, by the log's clock) or
 * later; `end` when there is none. Rejects LEDGER_UNAVAILABLE.
 */
export async function positionAtTime(log: EventLog, end: number, atMs: number): Promise<number> {
  let [low, high] = [await log.start().catch(unreachable), end];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const record = await log.read(middle).catch(unreachable);
    if (record !== undefined && record.appendedAtMs < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function unreachable(cause: unknown): never {
  throw new Failure('LEDGER_UNAVAILABLE', 'the ledger cannot be read: try again', {
    cause,
    retryAfterMs: 500,
  });
}
