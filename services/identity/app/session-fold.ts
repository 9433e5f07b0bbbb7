import { EarlyDenies } from '#libs/access/sessions/early-denies.js';
import { SessionView } from '#libs/access/sessions/session-view.js';
import type { Evolve } from '#libs/decider/fold-event.js';
import { keyHash } from '#libs/events/keys.js';
import type { SessionSnapshots } from '#libs/history/session-snapshots.js';
import type { CheckpointTrust } from '#libs/ledger/checkpoint-pair.js';
import type { Resume } from '#libs/ledger/fold.js';
import type { Judged } from '#libs/ledger/judge.js';
import { lateStart } from '#libs/ledger/late-start.js';
import { LedgerFold } from '#services/identity/app/ledger-fold.js';
import type { FoldedState } from '#services/identity/ports/folded-state.js';

/** Records of a late start that are folded in one transaction. */
const atOnce = 1_024;

/**
 * Ledger S: documents of sessions, refresh families and everything that lives shortly; and the view of
 * sessions and revocations that authorizers have too, so that credentials are judged alike.
 */
export class SessionFold extends LedgerFold<SessionView> {
  /** Revocations that S could not take yet. */
  readonly early = new EarlyDenies();

  constructor(state: FoldedState, evolve: Evolve, snapshots?: SessionSnapshots) {
    super({ state, evolve, newView: () => new SessionView(keyHash), snapshots });
  }

  override get view(): SessionView {
    const view = super.view;
    view.early = this.early;
    return view;
  }

  /**
   * Builds the state of a ledger that has lost its beginning, from two of its checkpoints; `undefined`
   * while it begins at 0. What was lost is older than anything in it that is still valid. Rejects like
   * `lateStart`.
   */
  async startLate(trust: CheckpointTrust): Promise<Resume | undefined> {
    if ((await trust.log.start()) === 0) return undefined;
    let taken: Judged[] = [];
    const fold = (): void => {
      const last = taken.at(-1);
      if (last !== undefined) this.applyAt(last, taken);
      taken = [];
    };
    const { clusterId, ledger } = trust;
    const auditPublicKey = Uint8Array.from(trust.publicKey);
    this.beginAs({ clusterId, epoch: 1, ledger, auditPublicKey }, 1);
    const { epoch, featureLevel, ...resume } = await lateStart(trust, (judged) => {
      taken.push(judged);
      if (taken.length === atOnce) fold();
    });
    fold();
    this.beginAs({ clusterId, epoch, ledger, auditPublicKey }, featureLevel);
    return resume;
  }
}
