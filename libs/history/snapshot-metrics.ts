import { addGauge, type createRegistry } from '#libs/runtime/metrics.js';
import type { AccessSnapshots } from './access-snapshots.js';

/** What an operator watches of the snapshots of a service; all −1 or 0 where it keeps none. */
export function addSnapshotMetrics(
  registry: ReturnType<typeof createRegistry>,
  service: 'identity' | 'authorizer',
  snapshots: AccessSnapshots | undefined,
): void {
  const gauge = (name: string, help: string, read: () => number): void =>
    addGauge(registry, `ledgate_${service}_snapshot_${name}`, help, read);
  gauge('position', 'Position of the newest snapshot; -1: none.', () => {
    return snapshots?.newest.position ?? -1;
  });
  gauge('age_seconds', 'Time since the newest snapshot was written or read.', () => {
    return (snapshots?.newest.ageMs ?? 0) / 1000;
  });
  gauge('bytes', 'Length of the newest snapshot.', () => snapshots?.newest.bytes ?? 0);
  gauge('load_seconds', 'How long it took to read the one that this process started from.', () => {
    return (snapshots?.loadMs ?? 0) / 1000;
  });
}
