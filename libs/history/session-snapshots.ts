import type { SessionView } from '#libs/access/sessions/session-view.js';
import {
  sessionProjectionId,
  SessionViewReader,
  SessionViewWriter,
} from '#libs/access/snapshot/session-snapshot.js';
import { keyHash } from '#libs/events/keys.js';
import { ViewSnapshots, type SnapshotsOptions, type ViewForm } from './view-snapshots.js';

/** Snapshots of the session view: of ledger S. */
export class SessionSnapshots extends ViewSnapshots<SessionView> {
  constructor(options: SnapshotsOptions) {
    super(sessionForm(), options);
  }
}

function sessionForm(): ViewForm<SessionView> {
  return {
    id: sessionProjectionId(),
    writer: (view, facts) => new SessionViewWriter(view, facts),
    reader: (bytes) => new SessionViewReader(bytes, keyHash),
  };
}
