import { AccessDenies } from '#libs/access/projection/access-denies.js';
import { AccessView } from '#libs/access/projection/access-view.js';
import { keyHash } from '#libs/events/keys.js';
import type { AccessSnapshots } from '#libs/history/access-snapshots.js';
import type { Judged } from '#libs/ledger/judge.js';
import { ViewFold } from './view-fold.js';

/** Ledger L folded into the access view. */
export class AccessFold extends ViewFold<AccessView> {
  /** Access that was taken away, and L could not take it yet, as identities tell it. */
  readonly early = new AccessDenies();

  constructor(snapshots?: AccessSnapshots) {
    super(() => new AccessView(keyHash), snapshots);
  }

  override get view(): AccessView {
    const view = super.view;
    view.early = this.early;
    return view;
  }

  override get generation(): number {
    return super.generation + this.early.version;
  }

  override apply(batch: readonly Judged[]): void {
    super.apply(batch);
    const last = batch.at(-1);
    if (last !== undefined) this.early.settle(last.position);
  }
}
