import type { Evolve } from '#libs/decider/fold-event.js';
import type { CheckpointTrust } from '#libs/ledger/checkpoint-pair.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { Judge } from '#libs/ledger/judge.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { IdentityFold } from '#services/identity/app/identity-fold.js';
import { SessionFold } from '#services/identity/app/session-fold.js';
import type { FoldedState } from '#services/identity/ports/folded-state.js';

export interface StateSource {
  readonly log: EventLog;
  readonly macKeys: MacKeys;
  readonly evolve: Evolve;
  /** Of ledger S: whose checkpoints count where it has lost its beginning. Absent: ledger L. */
  readonly sessionTrust?: CheckpointTrust | undefined;
}

/**
 * Brings a state to exactly `upTo` without serving from it: a new one, or one that was left half-way. One
 * that is not of this ledger is dropped and built again. Rejects NEEDS_NEWER_BUILD like a reader.
 */
export async function buildState(
  state: FoldedState,
  { log, macKeys, evolve, sessionTrust }: StateSource,
  upTo: number,
  onProgress: (position: number) => void = () => {},
): Promise<void> {
  const sessions = sessionTrust && new SessionFold(state, evolve);
  const fold = sessions ?? new IdentityFold(state, evolve);
  await fold.catchUp(log, macKeys, await log.end());
  const late = fold.resume() ?? (sessionTrust && (await sessions?.startLate(sessionTrust)));
  const judge = new Judge(macKeys, late ?? { window: new VerdictWindow(), sealed: false });
  const { window } = judge;
  if (window.position >= upTo) return;
  const done = new AbortController();
  try {
    for await (const { records } of log.tail(window.position + 1, done.signal)) {
      const wanted = records.filter(({ position }) => position <= upTo);
      if (wanted.length > 0) {
        fold.apply(
          wanted.map((record) => judge.judge(record)),
          window,
        );
      }
      onProgress(window.position);
      if (window.position === upTo) return;
    }
  } finally {
    done.abort();
  }
}
