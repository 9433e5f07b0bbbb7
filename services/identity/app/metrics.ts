import { newestLevel } from '#libs/events/feature-levels.js';
import { publicTopics } from '#libs/events/public-events.js';
import { LedgerMeter } from '#libs/ledger/ledger-meter.js';
import type { Clock } from '#libs/runtime/clock.js';
import { addFollowedLedgerMetrics } from '#libs/runtime/ledger-metrics.js';
import { addCounter, addGauge, type createRegistry } from '#libs/runtime/metrics.js';
import type { Tracer } from '#libs/runtime/tracer.js';
import type { LedgerSession } from '#services/identity/app/ledger-session.js';
import type { PublisherMeter } from '#services/identity/app/publisher/publisher-meter.js';

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

/** Name of the ledger that identity follows and writes, in metrics and traces. */
const written = 'L';

/** What is counted, timed and traced about the ledger, under the same names as an authorizer's. */
export function measureLedger(
  registry: Registry,
  { reader, writer }: LedgerSession,
  clock: Clock,
  tracer: Tracer | undefined,
): void {
  const meter = new LedgerMeter({ ledger: written, reader, clock, tracer });
  addFollowedLedgerMetrics(registry, [
    {
      ledger: written,
      lag: () => reader.lag,
      stalenessMs: () => reader.stalenessMs(),
      verdicts: () => meter.verdicts,
    },
  ]);
  addCounter(registry, 'ledgate_identity_fences_total', 'Appends whose outcome was unknown.', {
    labels: ['ledger'],
    read: () => [{ labels: { ledger: written }, count: writer.fences }],
  });
}

/** How far the public topics are, as this instance knows. */
export function addPublisherMetrics(
  registry: Registry,
  { reader }: LedgerSession,
  meter: PublisherMeter,
): void {
  const gauge = (name: string, help: string, read: () => number): void =>
    addGauge(registry, `ledgate_publisher_${name}`, help, read);
  gauge('leading', '1 while this instance publishes to the public topics.', () =>
    meter.leading ? 1 : 0,
  );
  gauge('position', 'Ledger position up to which all is published; -1: not known here.', () =>
    meter.leading ? meter.position : -1,
  );
  gauge('lag', 'Positions that this instance has read and not yet published.', () =>
    meter.leading ? Math.max(0, reader.position - meter.position) : 0,
  );
  addCounter(registry, 'ledgate_publisher_published_total', 'Messages published, repeats too.', {
    labels: ['topic'],
    read: () => publicTopics.map((topic) => ({ labels: { topic }, count: meter.published(topic) })),
  });
  addCounter(registry, 'ledgate_publisher_failures_total', 'Times that publishing began again.', {
    labels: [],
    read: () => [{ labels: {}, count: meter.failures }],
  });
}
