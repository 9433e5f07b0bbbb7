import type { AccessView } from '#libs/access/projection/access-view.js';
import { projectionId, ViewReader, ViewWriter } from '#libs/access/snapshot/view-snapshot.js';
import { keyHash } from '#libs/events/keys.js';
import type { SnapshotSource } from './replay.js';
import { ViewSnapshots, type SnapshotsOptions, type ViewForm } from './view-snapshots.js';

/** Snapshots of the access view: of ledger L. */
export class AccessSnapshots extends ViewSnapshots<AccessView> implements SnapshotSource {
  constructor(options: SnapshotsOptions) {
    super(accessForm(), options);
  }
}

function accessForm(): ViewForm<AccessView> {
  return {
    id: projectionId(),
    writer: (view, facts) => new ViewWriter(view, facts),
    reader: (bytes) => new ViewReader(bytes, keyHash),
  };
}
