import type { PublicFormat } from '#libs/events/cloud-event.js';
import { publicTopicName, type PublicTopic } from '#libs/events/public-events.js';
import { GroupLease } from '#libs/ledger/kafka/group-lease.js';
import { PublicOutlet } from '#libs/ledger/kafka/public-outlet.js';
import { ledgerName, type LedgerPlace } from '#libs/ledger/ledger-place.js';
import { kafkaSettingsOf } from '#libs/ledger/open-ledger.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Logger } from '#libs/runtime/log.js';
import type { Shutdown } from '#libs/runtime/shutdown.js';
import type { LedgerSession } from '#services/identity/app/ledger-session.js';
import { Publisher } from '#services/identity/app/publisher/publisher.js';
import { addPublisherMetrics } from '#services/identity/app/metrics.js';
import { PublisherMeter } from '#services/identity/app/publisher/publisher-meter.js';
import { PublicFeed } from '#services/identity/app/subscriptions/public-feed.js';
import { StreamLimits } from '#services/identity/app/subscriptions/stream-limits.js';
import type { IdentityConfig } from '#services/identity/config.js';

export interface PublisherParts {
  readonly place: LedgerPlace;
  readonly format: PublicFormat;
  readonly session: LedgerSession;
  readonly meter: PublisherMeter;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Takes part in publishing to Kafka; resolves, when called, once it has let go. */
export function startPublisher(parts: PublisherParts): () => Promise<void> {
  const { place, format, session, meter, clock, log } = parts;
  const settings = kafkaSettingsOf(place);
  const outlet = new PublicOutlet(settings);
  // Its reads of the past are not counted among those of subscribers.
  const limits = new StreamLimits({ total: 0, perCaller: 0 });
  const feed = new PublicFeed({ session, clock, limits });
  const nameOf = (topic: PublicTopic): string => publicTopicName(place.topicPrefix, topic);
  const publisher = new Publisher({
    session,
    feed,
    outlet,
    format,
    nameOf,
    meter,
    clock,
    log,
  });
  const lease = new GroupLease({
    settings,
    group: `${place.topicPrefix}.publisher`,
    topic: ledgerName(place),
    clock,
    onTrouble: (error) => log.warn({ err: error }, 'no lease for publishing'),
  });
  const closing = new AbortController();
  const running = lease.run(closing.signal, (held) =>
    publisher.run(AbortSignal.any([held, closing.signal])),
  );
  return async () => {
    closing.abort();
    await running;
    await outlet.close();
  };
}

/** Publishes where the configuration says so, until the shutdown. */
export function addPublisher(
  config: IdentityConfig,
  session: LedgerSession,
  { clock, logger, shutdown }: Surroundings,
  registry: Parameters<typeof addPublisherMetrics>[0],
): void {
  if (config.publisher === undefined) return;
  const meter = new PublisherMeter();
  addPublisherMetrics(registry, session, meter);
  const { format } = config.publisher;
  const parts = { place: config, format, session, meter, clock, log: logger };
  shutdown.add('publisher', startPublisher(parts));
}

interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
}
