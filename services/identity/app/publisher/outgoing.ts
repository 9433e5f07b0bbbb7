import {
  cloudEventMessage,
  type CloudEventMessage,
  type PublicFormat,
  type PublishedLedger,
} from '#libs/events/cloud-event.js';
import { topicsOf, type PublicEvent, type PublicTopic } from '#libs/events/public-events.js';

/** Messages of one request to the brokers, at most: about a quarter of a megabyte. */
const batchMessages = 500;

export interface Outgoing {
  readonly clusterId: string;
  readonly format: PublicFormat;
  /** How far the other ledger is. */
  readonly beside?: PublishedLedger | undefined;
}

/**
 * The messages of one topic, in batches that are to be sent one after the other. Each message says up
 * to where the topic was complete before its batch: the position before the first event of it.
 */
export function* batchesOf(
  topic: PublicTopic,
  events: readonly PublicEvent[],
  { clusterId, format, beside }: Outgoing,
): Generator<CloudEventMessage[]> {
  const own = events.filter(({ type }) => topicsOf(type).includes(topic));
  for (let from = 0; from < own.length; from += batchMessages) {
    const batch = own.slice(from, from + batchMessages);
    const publishedThrough = (batch[0]?.position ?? 0) - 1;
    const options = { clusterId, format, publishedThrough, beside };
    yield batch.map((event) => cloudEventMessage(event, options));
  }
}
