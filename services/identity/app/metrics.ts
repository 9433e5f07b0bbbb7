import { newestLevel } from '#libs/events/feature-levels.js';
import { publicTopics, type PublicTopic } from '#libs/events/public-events.js';
import { LedgerMeter } from '#libs/ledger/ledger-meter.js';
import type { Clock } from '#libs/runtime/clock.js';
import { addFollowedLedgerMetrics, type LedgerNumbers } from '#libs/runtime/ledger-metrics.js';
import {
  addCounter,
  addGauge,
  addLedgerGauge,
  type createRegistry,
} from '#libs/runtime/metrics.js';
import type { Tracer } from '#libs/runtime/tracer.js';
import { mayHoldSessions, type IdentityParts } from '#services/identity/app/identity-parts.js';
import type { AnyLedgerSession } from '#services/identity/app/ledger-session.js';
import type { PublisherMeter } from '#services/identity/app/publisher/publisher-meter.js';

type Registry = ReturnType<typeof createRegistry>;

interface NamedLedger {
  readonly ledger: 'L' | 'S';
  readonly session: AnyLedgerSession;
}

type Ledgers = Pick<IdentityParts, 'ledger' | 'sessions' | 'revocations'>;

function named(ledger: NamedLedger['ledger'], { ledger: L, sessions: S }: Ledgers): NamedLedger {
  return { ledger, session: ledger === 'L' ? L : S };
}

/** What an operator watches of identity's side of the ledgers; of S once the cell may have it. */
export function addLedgerMetrics(
  registry: Registry,
  parts: Ledgers,
  hashesWaiting: () => number,
): void {
  const both = [named('L', parts), named('S', parts)];
  const ledgers = (): readonly NamedLedger[] => both.slice(0, mayHoldSessions(parts) ? 2 : 1);
  const gauge = (name: string, help: string, of: (session: AnyLedgerSession) => number): void =>
    addLedgerGauge(registry, `ledgate_identity_${name}`, help, {
      ledgers,
      read: ({ session }) => of(session),
    });
  gauge('position', 'Last folded position.', ({ reader }) => reader.position);
  gauge('staleness_seconds', 'Age of the proof that nothing newer was missed.', ({ reader }) =>
    Math.min(reader.stalenessMs() / 1000, 1e9),
  );
  gauge('following', '1 while the state follows the end of the log.', ({ reader }) =>
    reader.state === 'following' ? 1 : 0,
  );
  gauge('diverged', '1 while the state is being rebuilt because history changed.', ({ reader }) =>
    reader.state === 'diverged' ? 1 : 0,
  );
  gauge('accepted_records', 'Records that count.', ({ reader }) => reader.window.acceptedCount);
  gauge('void_records', 'Records without effect.', ({ reader }) => {
    return reader.window.position + 1 - reader.window.acceptedCount;
  });
  gauge('quarantined_keys', 'Keys about which nothing can be decided.', ({ state }) => {
    return state.quarantinedKeys().length;
  });
  gauge('checkpoint_position', 'Last CHECKPOINT, or the first record.', ({ fold }) => {
    return fold.sinceCheckpoint?.position ?? -1;
  });
  gauge('pending_commands', 'Records whose verdict is awaited.', ({ writer }) => {
    return writer.pendingCount;
  });
  gauge('fencing', '1 while the outcome of an append is unknown.', ({ writer }) =>
    writer.fencing ? 1 : 0,
  );
  gauge('log_time_seconds', 'Highest time of the records.', ({ fold }) => fold.logTimeMs / 1000);
  const { fold } = parts.ledger;
  const single = (name: string, help: string, read: () => number): void =>
    addGauge(registry, `ledgate_identity_${name}`, help, read);
  single('feature_level', 'What writers of this cell may use.', () => fold.featureLevel);
  single('feature_level_known', 'Highest feature level that this build knows.', () => newestLevel);
  single('held_revocations', 'Revocations that wait for the ledger.', () => {
    return parts.revocations?.size ?? 0;
  });
  addCounter(
    registry,
    'ledgate_identity_held_revocations_refused_total',
    'Held revocations of access that the ledger refused in the end.',
    { labels: [], read: () => [{ labels: {}, count: parts.revocations?.refused ?? 0 }] },
  );
  single('hashes_waiting', 'Password hashes that wait for a core.', hashesWaiting);
}

/** What is counted, timed and traced about the ledgers, under the same names as an authorizer's. */
export function measureLedgers(
  registry: Registry,
  parts: Ledgers,
  clock: Clock,
  tracer: Tracer | undefined,
): void {
  const both = [named('L', parts), named('S', parts)];
  const numbers = both.map(({ ledger, session: { reader } }): LedgerNumbers => {
    const meter = new LedgerMeter({ ledger, reader, clock, tracer });
    return {
      ledger,
      lag: () => reader.lag,
      stalenessMs: () => reader.stalenessMs(),
      verdicts: () => meter.verdicts,
    };
  });
  addFollowedLedgerMetrics(registry, () => numbers.slice(0, mayHoldSessions(parts) ? 2 : 1));
  addCounter(registry, 'ledgate_identity_fences_total', 'Appends whose outcome was unknown.', {
    labels: ['ledger'],
    read: () =>
      both.map(({ ledger, session }) => ({ labels: { ledger }, count: session.writer.fences })),
  });
}

/** How far the public topics are, as this instance knows. */
export function addPublisherMetrics(
  registry: Registry,
  parts: Ledgers,
  meters: Readonly<Record<NamedLedger['ledger'], PublisherMeter>>,
): void {
  const both = [named('L', parts), named('S', parts)];
  const ledgers = (): readonly NamedLedger[] => both.slice(0, mayHoldSessions(parts) ? 2 : 1);
  const gauge = (
    name: string,
    help: string,
    read: (meter: PublisherMeter, session: AnyLedgerSession) => number,
  ): void =>
    addLedgerGauge(registry, `ledgate_publisher_${name}`, help, {
      ledgers,
      read: ({ ledger, session }) => read(meters[ledger], session),
    });
  gauge('leading', '1 while this instance publishes to the public topics.', (meter) =>
    meter.leading ? 1 : 0,
  );
  gauge('position', 'Position up to which all is published; -1: not known here.', (meter) =>
    meter.leading ? meter.position : -1,
  );
  gauge('lag', 'Positions that this instance has read and not yet published.', (meter, session) =>
    meter.leading ? Math.max(0, session.reader.position - meter.position) : 0,
  );
  const topicCounts = (topic: PublicTopic): number =>
    meters.L.published(topic) + meters.S.published(topic);
  addCounter(registry, 'ledgate_publisher_published_total', 'Messages published, repeats too.', {
    labels: ['topic'],
    read: () => publicTopics.map((topic) => ({ labels: { topic }, count: topicCounts(topic) })),
  });
  addCounter(registry, 'ledgate_publisher_failures_total', 'Times that publishing began again.', {
    labels: [],
    read: () => [{ labels: {}, count: meters.L.failures + meters.S.failures }],
  });
}
