import { arbitrate, type Judgement } from './arbiter.js';
import type { Acknowledgement, Told } from './client.js';
import { historyOf, stateOf } from './history.js';
import type { Instance } from './instance.js';

/** What must be 0 whatever happened. */
export interface LedgerFindings {
  /** Acknowledged, but in a replay of the final log not there, or not where the caller was told. */
  readonly lost: number;
  /** Commands with more than one effect. */
  readonly doubled: number;
  readonly duplicateNames: number;
  /** Said not to have counted, yet it did. */
  readonly zombies: number;
  readonly skews: number;
  /** Verdicts on which a reader and the naive arbiter differ, and final states that differ. */
  readonly disagreements: number;
}

export interface LedgerRun {
  readonly values: readonly (Uint8Array | null)[];
  readonly secret: Uint8Array;
  readonly ledger: string;
  readonly window: number;
  readonly told: Told;
  readonly instances: readonly Instance[];
  /** Acknowledged before the log lost it: nobody could have known. */
  cutAway(acknowledged: Acknowledgement): boolean;
  /** A cut may also bring back, in another order, what had been void. */
  mayReturn(atMs: number): boolean;
}

/** Judges the final log independently, and compares it with what everybody was told and believes. */
export function findingsOf(run: LedgerRun): LedgerFindings {
  const { values, secret, ledger, window, told } = run;
  const judged = arbitrate(values, secret, ledger, window);
  const history = historyOf(judged);
  const lost = told.acknowledged.filter(
    (ack) => !history.effects.get(ack.commandId)?.includes(ack.position) && !run.cutAway(ack),
  );
  const zombies = told.denied.filter(
    ({ attempt, atMs }) => history.attempts.has(attempt) && !run.mayReturn(atMs),
  );
  return {
    lost: lost.length,
    doubled: [...history.effects.values()].filter((at) => at.length > 1).length,
    duplicateNames: history.duplicateNames,
    zombies: zombies.length,
    skews: history.skews,
    disagreements: disagreements(run.instances, judged, history.state),
  };
}

function disagreements(
  instances: readonly Instance[],
  judged: readonly Judgement[],
  state: string,
): number {
  let count = 0;
  for (const { fold, ready, reader } of instances) {
    if (!ready) continue;
    for (const [position, accepted] of fold.verdicts) {
      if (judged[position]?.accepted !== accepted) count++;
    }
    if (reader.position !== judged.length - 1 || stateOf(fold.store) !== state) count++;
  }
  return count;
}
