import { join } from 'node:path';
import { ledgerName, type LedgerPlace } from '#libs/ledger/ledger-place.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import type { Clock } from '#libs/runtime/clock.js';
import { AccessSnapshots, type AccessSnapshotsOptions } from './access-snapshots.js';

/**
 * The snapshots of a process, as its configuration says; `undefined`: it keeps none. Each ledger and each
 * kind of process has a folder of its own.
 */
export function openSnapshots(
  place: LedgerPlace,
  process: { readonly kind: string; readonly facts: string; readonly macKeys: MacKeys },
  clock: Clock,
  onTrouble: AccessSnapshotsOptions['onTrouble'],
): AccessSnapshots | undefined {
  const { snapshots } = place;
  if (snapshots === undefined || snapshots.everyRecords === 0) return undefined;
  const ledger = ledgerName(place);
  const { kind, facts, macKeys } = process;
  const { everyRecords, everyMs } = snapshots;
  const folder = join(snapshots.folder, ledger, kind);
  return new AccessSnapshots({
    folder,
    ledger,
    facts,
    macKeys,
    clock,
    everyRecords,
    everyMs,
    onTrouble,
  });
}
