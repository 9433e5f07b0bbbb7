import type { PublicFormat, PublishedLedger } from '#libs/events/cloud-event.js';
import { publicTopicName, type PublicTopic } from '#libs/events/public-events.js';
import { GroupLease } from '#libs/ledger/kafka/group-lease.js';
import { PublicOutlet } from '#libs/ledger/kafka/public-outlet.js';
import { ledgerName, type LedgerId, type LedgerPlace } from '#libs/ledger/ledger-place.js';
import { kafkaSettingsOf } from '#libs/ledger/open-ledger.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Logger } from '#libs/runtime/log.js';
import type { Shutdown } from '#libs/runtime/shutdown.js';
import { mayHoldSessions, type IdentityParts } from '#services/identity/app/identity-parts.js';
import { Publisher } from '#services/identity/app/publisher/publisher.js';
import { addPublisherMetrics } from '#services/identity/app/metrics.js';
import { PublisherMeter } from '#services/identity/app/publisher/publisher-meter.js';
import { PublicFeed } from '#services/identity/app/subscriptions/public-feed.js';
import { StreamLimits } from '#services/identity/app/subscriptions/stream-limits.js';
import type { IdentityConfig } from '#services/identity/config.js';

export interface PublisherParts {
  readonly place: LedgerPlace;
  readonly format: PublicFormat;
  readonly ledgers: Pick<IdentityParts, 'ledger' | 'sessions'>;
  readonly meters: Readonly<Record<LedgerId, PublisherMeter>>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Takes part in publishing to Kafka; resolves, when called, once it has let go. */
export function startPublisher(parts: PublisherParts): () => Promise<void> {
  const { place, clock, log } = parts;
  const settings = kafkaSettingsOf(place);
  const outlet = new PublicOutlet(settings);
  const publishers = [publisherOf('L', parts, outlet), publisherOf('S', parts, outlet)];
  const lease = new GroupLease({
    settings,
    group: `${place.topicPrefix}.publisher`,
    topic: ledgerName(place),
    clock,
    onTrouble: (error) => log.warn({ err: error }, 'no lease for publishing'),
  });
  const closing = new AbortController();
  const running = lease.run(closing.signal, async (held) => {
    const signal = AbortSignal.any([held, closing.signal]);
    await Promise.all(publishers.map((publisher) => publisher.run(signal)));
  });
  return async () => {
    closing.abort();
    await running;
    await outlet.close();
  };
}

/** What ledger S has to tell goes to one topic, between what L tells there. */
const sessionTopics: readonly PublicTopic[] = ['revocation'];

function publisherOf(
  id: LedgerId,
  { place, format, ledgers, meters, clock, log }: PublisherParts,
  outlet: PublicOutlet,
): Publisher {
  const session = id === 'L' ? ledgers.ledger : ledgers.sessions;
  const other = id === 'L' ? 'S' : 'L';
  const otherFold = id === 'L' ? ledgers.sessions.fold : ledgers.ledger.fold;
  // Its reads of the past are not counted among those of subscribers.
  const limits = new StreamLimits({ total: 0, perCaller: 0 });
  const beside = (): PublishedLedger | undefined => {
    const { position: through } = meters[other];
    if (through < 0) return undefined;
    return { ledger: ledgerName(place, other), through, epoch: otherFold.view.epoch };
  };
  return new Publisher({
    session,
    feed: new PublicFeed({ session, clock, limits }),
    outlet,
    format,
    nameOf: (topic) => publicTopicName(place.topicPrefix, topic),
    meter: meters[id],
    beside,
    ...(id === 'L' ? {} : { topics: sessionTopics, mayBegin: () => mayHoldSessions(ledgers) }),
    clock,
    log,
  });
}

/** Publishes where the configuration says so, until the shutdown. */
export function addPublisher(
  config: IdentityConfig,
  ledgers: Pick<IdentityParts, 'ledger' | 'sessions'>,
  { clock, logger, shutdown }: Surroundings,
  registry: Parameters<typeof addPublisherMetrics>[0],
): void {
  if (config.publisher === undefined) return;
  const meters = { L: new PublisherMeter(), S: new PublisherMeter() };
  addPublisherMetrics(registry, ledgers, meters);
  const { format } = config.publisher;
  const parts = { place: config, format, ledgers, meters, clock, log: logger };
  shutdown.add('publisher', startPublisher(parts));
}

interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
}
