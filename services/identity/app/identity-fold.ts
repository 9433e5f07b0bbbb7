import { AccessDenies } from '#libs/access/projection/access-denies.js';
import { AccessView } from '#libs/access/projection/access-view.js';
import type { Evolve } from '#libs/decider/fold-event.js';
import { keyHash } from '#libs/events/keys.js';
import type { AccessSnapshots } from '#libs/history/access-snapshots.js';
import { LedgerFold } from '#services/identity/app/ledger-fold.js';
import type { FoldedState } from '#services/identity/ports/folded-state.js';

/** Ledger L: documents, and the access view that protects identity's own RPCs. */
export class IdentityFold extends LedgerFold<AccessView> {
  /** Access that was taken away, and L could not take it yet. */
  readonly early = new AccessDenies();

  constructor(state: FoldedState, evolve: Evolve, snapshots?: AccessSnapshots) {
    super({ state, evolve, newView: () => new AccessView(keyHash), snapshots });
  }

  override get view(): AccessView {
    const view = super.view;
    view.early = this.early;
    return view;
  }
}
