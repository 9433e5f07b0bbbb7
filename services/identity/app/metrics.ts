import { newestLevel } from '#libs/events/feature-levels.js';
import { addGauge, type createRegistry } from '#libs/runtime/metrics.js';
import type { LedgerSession } from '#services/identity/app/ledger-session.js';

type Registry = ReturnType<typeof createRegistry>;

/** What an operator watches of identity's side of the ledger. */
export function addLedgerMetrics(
  registry: Registry,
  { reader, writer, state, fold }: LedgerSession,
  hashesWaiting: () => number,
): void {
  const gauge = (name: string, help: string, read: () => number): void =>
    addGauge(registry, `ledgate_identity_${name}`, help, read);
  gauge('position', 'Last folded position of ledger L.', () => reader.position);
  gauge('staleness_seconds', 'Age of the proof that nothing newer was missed.', () =>
    Math.min(reader.stalenessMs() / 1000, 1e9),
  );
  gauge('following', '1 while the state follows the end of the log.', () =>
    reader.state === 'following' ? 1 : 0,
  );
  gauge('diverged', '1 while the state is being rebuilt because history changed.', () =>
    reader.state === 'diverged' ? 1 : 0,
  );
  gauge('accepted_records', 'Records that count.', () => reader.window.acceptedCount);
  gauge('void_records', 'Records without effect.', () => {
    return reader.window.position + 1 - reader.window.acceptedCount;
  });
  gauge('quarantined_keys', 'Keys about which nothing can be decided.', () => {
    return state.quarantinedKeys().length;
  });
  gauge('feature_level', 'What writers of this ledger may use.', () => fold.featureLevel);
  gauge('feature_level_known', 'Highest feature level that this build knows.', () => newestLevel);
  gauge('checkpoint_position', 'Last CHECKPOINT, or the first record.', () => {
    return fold.sinceCheckpoint?.position ?? -1;
  });
  gauge('pending_commands', 'Records whose verdict is awaited.', () => writer.pendingCount);
  gauge('fencing', '1 while the outcome of an append is unknown.', () => (writer.fencing ? 1 : 0));
  gauge('log_time_seconds', 'Highest time of the records.', () => fold.logTimeMs / 1000);
  gauge('hashes_waiting', 'Password hashes that wait for a core.', hashesWaiting);
}
