import { join } from 'node:path';
import { ledgerName, type LedgerId, type LedgerPlace } from '#libs/ledger/ledger-place.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import type { Clock } from '#libs/runtime/clock.js';
import { AccessSnapshots } from './access-snapshots.js';
import { SessionSnapshots } from './session-snapshots.js';
import type { SnapshotsOptions } from './view-snapshots.js';

interface SnapshotOwner {
  /** Kind of process. */
  readonly kind: string;
  readonly facts: string;
  /** Those of the ledger. */
  readonly macKeys: MacKeys;
}

type OnTrouble = SnapshotsOptions['onTrouble'];

/**
 * The snapshots of a process of ledger L, as its configuration says; `undefined`: it keeps none. Each
 * ledger and each kind of process has a folder of its own.
 */
export function openSnapshots(
  place: LedgerPlace,
  owner: SnapshotOwner,
  clock: Clock,
  onTrouble: OnTrouble,
): AccessSnapshots | undefined {
  const options = optionsOf('L', place, owner, clock, onTrouble);
  return options && new AccessSnapshots(options);
}

/** The same of ledger S. */
export function openSessionSnapshots(
  place: LedgerPlace,
  owner: SnapshotOwner,
  clock: Clock,
  onTrouble: OnTrouble,
): SessionSnapshots | undefined {
  const options = optionsOf('S', place, owner, clock, onTrouble);
  return options && new SessionSnapshots(options);
}

function optionsOf(
  id: LedgerId,
  place: LedgerPlace,
  { kind, facts, macKeys }: SnapshotOwner,
  clock: Clock,
  onTrouble: OnTrouble,
): SnapshotsOptions | undefined {
  const { snapshots } = place;
  if (snapshots === undefined || snapshots.everyRecords === 0) return undefined;
  const ledger = ledgerName(place, id);
  const { everyRecords, everyMs } = snapshots;
  const folder = join(snapshots.folder, ledger, kind);
  return { folder, ledger, facts, macKeys, clock, everyRecords, everyMs, onTrouble };
}
