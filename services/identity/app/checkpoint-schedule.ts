import { windowSize } from '#libs/ledger/verdict-window.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Logger } from '#libs/runtime/log.js';
import type { Checkpoints } from '#services/identity/app/checkpoints.js';
import type { AnyLedgerSession } from '#services/identity/app/ledger-session.js';

export interface CheckpointScheduleOptions {
  readonly ledger: AnyLedgerSession;
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
  readonly log: Logger;
  /** Uniform in [0, 1): instances do not look at the same moment. */
  readonly random: () => number;
}

const LOOK_MS = 2_000;
/** Somewhat less than a window, so that the verdicts of one checkpoint join those of the next. */
const RECORDS = windowSize - 4_096;
const TRAFFIC_MS = 3_600_000;

/**
 * Writes a CHECKPOINT when about 65,536 records came since the last one, or an hour passed, by the
 * log's clock, in which commands came. Returns the way to stop it.
 */
export function startCheckpoints(options: CheckpointScheduleOptions): () => void {
  const { ledger, checkpoints, clock, log, random } = options;
  let stopped = false;
  let cancel = (): void => {};
  const look = async (): Promise<void> => {
    try {
      if (isCheckpointDue(ledger)) await checkpoints.tryToWrite();
    } catch (error) {
      log.warn({ err: error }, 'no checkpoint');
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

export function isCheckpointDue({ reader, fold }: AnyLedgerSession): boolean {
  const since = fold.sinceCheckpoint;
  if (reader.state !== 'following' || reader.sealed || since === undefined) return false;
  if (reader.position - since.position >= RECORDS) return true;
  return since.commands > 0 && fold.logTimeMs - since.appendedAtMs >= TRAFFIC_MS;
}
