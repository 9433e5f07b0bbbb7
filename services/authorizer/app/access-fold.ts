import { AccessView } from '#libs/access/projection/access-view.js';
import { keyHash } from '#libs/events/keys.js';
import type { AccessSnapshots } from '#libs/history/access-snapshots.js';
import { ViewFold } from './view-fold.js';

/** Ledger L folded into the access view. */
export class AccessFold extends ViewFold<AccessView> {
  constructor(snapshots?: AccessSnapshots) {
    super(() => new AccessView(keyHash), snapshots);
  }
}
