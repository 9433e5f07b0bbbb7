import { Failure } from '#libs/errors/failure.js';
import { positionAt } from '#libs/history/find-position.js';
import type { CheckpointTrust } from '#libs/ledger/checkpoint-pair.js';
import { trimLedger } from '#libs/ledger/trim-ledger.js';
import { windowSize } from '#libs/ledger/verdict-window.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Logger } from '#libs/runtime/log.js';
import type { LedgerSession } from '#services/identity/app/ledger-session.js';
import type { SessionFold } from '#services/identity/app/session-fold.js';

export interface SessionTrimOptions {
  readonly sessions: LedgerSession<SessionFold>;
  /** Records are kept for so long at least, ms. */
  readonly retentionMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Uniform in [0, 1): instances do not look at the same moment. */
  readonly random: () => number;
}

const LOOK_MS = 3_600_000;
/** A trim reads two windows of records: not for a few. */
const WORTH_RECORDS = 65_536;

/** Looks each hour whether old records of ledger S can go. Returns the way to stop it. */
export function startSessionTrim(options: SessionTrimOptions): () => void {
  const { clock, log, random } = options;
  let stopped = false;
  let cancel = (): void => {};
  const look = async (): Promise<void> => {
    try {
      const before = await trimSessions(options);
      if (before !== undefined) log.info({ before }, 'old records of ledger S were deleted');
    } catch (error) {
      log.warn({ err: error }, 'ledger S was not trimmed');
    }
    if (!stopped) schedule();
  };
  const schedule = (): void => {
    cancel = clock.after(LOOK_MS * (0.5 + random()), () => void look());
  };
  schedule();
  return () => {
    stopped = true;
    cancel();
  };
}

/**
 * Deletes what is older than the retention by both clocks, but for the two windows before it: a late
 * reader starts from two checkpoints there, and so knows every record that is younger. Resolves with the
 * first position that is kept; `undefined`: nothing was to be deleted, or not yet.
 */
export async function trimSessions(
  { sessions, retentionMs, clock }: Omit<SessionTrimOptions, 'log' | 'random'>,
  { size = windowSize, worth = WORTH_RECORDS } = {},
): Promise<number | undefined> {
  const { reader, fold, source } = sessions;
  const { cluster } = fold;
  if (reader.state !== 'following' || reader.lostBelow !== undefined || cluster === undefined) {
    return undefined;
  }
  const { log } = source;
  const cutMs = Math.min(clock.wallMs(), fold.logTimeMs) - retentionMs;
  const old = await positionAt(log, reader.position, cutMs, new AbortController().signal);
  const before = old + 1 - 2 * size;
  if (before - (await log.start()) < worth) return undefined;
  const { clusterId, auditPublicKey: publicKey, ledger } = cluster;
  const trust: CheckpointTrust = { log, publicKey, clusterId, ledger, windowSize: size };
  try {
    await trimLedger(trust, before);
  } catch (error) {
    if (error instanceof Failure && error.reason === 'WRONG_STATE') return undefined;
    throw error;
  }
  return before;
}
