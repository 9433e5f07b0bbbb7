import { nextChain } from './chain.js';
import { PositionOutOfRange, type EventLog, type LogRecord } from './event-log.js';
import { identify } from './judge.js';
import type { VerdictWindow } from './verdict-window.js';

export interface HistoryQuestion {
  readonly log: EventLog;
  readonly window: VerdictWindow;
  /** Last position that must still be as it was read. */
  readonly position: number;
  /** How many records to fetch again. A resent batch may look like the end of the old history. */
  readonly depth: number;
  readonly chainOverAll: boolean;
  readonly signal: AbortSignal;
}

/** A new leader may lag with its high watermark: what was readable is there again in moments. */
const watermarkLagMs = 5_000;

/**
 * Fetches the last `depth` records again and recomputes the chain over them. A log that was cut and
 * grew again shows no gap; this is what finds it. Resolves with what is wrong, or `undefined` when
 * the history stands; rejects when the log cannot be reached.
 */
export async function findChangedHistory(question: HistoryQuestion): Promise<string | undefined> {
  const { window, position, depth, chainOverAll } = question;
  const oldest = Math.max(0, window.position - window.size + 2);
  const from = Math.min(position, Math.max(oldest, position - depth + 1));
  const records = await fetchAgain(question, from);
  if (records === undefined) return `position ${position} is gone`;
  let chain = window.chainAt(from - 1);
  for (const record of records) {
    if (chain === undefined) return undefined;
    const { hash, mac } = identify(record.control ? null : record.value);
    const chained = chainOverAll || window.acceptedAt(record.position);
    if (chained) chain = nextChain(chain, record.position, hash, mac);
    if (Buffer.compare(chain, window.chainAt(record.position) ?? chain) !== 0) {
      return `position ${record.position} holds another record`;
    }
  }
  return undefined;
}

async function fetchAgain(
  { log, position, signal }: HistoryQuestion,
  from: number,
): Promise<LogRecord[] | undefined> {
  const records: LogRecord[] = [];
  let shortSinceMs: number | undefined;
  try {
    for await (const batch of log.tail(from, signal)) {
      records.push(...batch.records.filter((record) => record.position <= position));
      if (records.at(-1)?.position === position) return records;
      shortSinceMs = batch.end > position ? undefined : (shortSinceMs ?? batch.fetchedAtMs);
      if (batch.fetchedAtMs - (shortSinceMs ?? Infinity) >= watermarkLagMs) return undefined;
    }
  } catch (error) {
    if (error instanceof PositionOutOfRange) return undefined;
    throw error;
  }
  throw new Error('stopped while comparing histories');
}
