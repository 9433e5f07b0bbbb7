import { EarlyDenies } from '#libs/access/sessions/early-denies.js';
import { SessionView } from '#libs/access/sessions/session-view.js';
import { keyHash } from '#libs/events/keys.js';
import type { SessionSnapshots } from '#libs/history/session-snapshots.js';
import type { CheckpointTrust } from '#libs/ledger/checkpoint-pair.js';
import type { Resume } from '#libs/ledger/fold.js';
import { lateStart } from '#libs/ledger/late-start.js';
import { ViewFold } from './view-fold.js';

/** Ledger S folded into the session view. */
export class SessionFold extends ViewFold<SessionView> {
  /** Revocations that S could not take yet, as identities tell them. */
  readonly early = new EarlyDenies();

  constructor(snapshots?: SessionSnapshots) {
    super(() => new SessionView(keyHash), snapshots);
  }

  override get view(): SessionView {
    const view = super.view;
    view.early = this.early;
    return view;
  }

  override get generation(): number {
    return super.generation + this.early.version;
  }

  /**
   * Begins in a ledger that has lost its beginning, from two of its checkpoints; `undefined` while it
   * begins at 0. What was lost is older than anything that is still valid. Rejects like `lateStart`.
   */
  async startLate(trust: CheckpointTrust): Promise<Resume | undefined> {
    if ((await trust.log.start()) === 0) return undefined;
    const { clusterId, ledger } = trust;
    const auditPublicKey = Uint8Array.from(trust.publicKey);
    const cluster = { clusterId, epoch: 1, ledger, auditPublicKey };
    this.beginAs(cluster, 1);
    const { epoch, featureLevel, ...resume } = await lateStart(trust, (one) => this.apply([one]));
    this.beginAs({ ...cluster, epoch }, featureLevel);
    return resume;
  }
}
