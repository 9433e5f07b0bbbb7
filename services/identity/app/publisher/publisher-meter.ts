import type { PublicTopic } from '#libs/events/public-events.js';

/** What an operator watches of one instance's publisher. */
export class PublisherMeter {
  /** Whether this instance is the one that publishes. */
  leading = false;
  /** Everything up to this ledger position is in the public topics; -1: not known here. */
  position = -1;
  /** Sessions that ended by an error. */
  failures = 0;
  readonly #published = new Map<PublicTopic, number>();

  add(topic: PublicTopic, count: number): void {
    this.#published.set(topic, this.published(topic) + count);
  }

  /** Messages that the brokers have taken, repeats included. */
  published(topic: PublicTopic): number {
    return this.#published.get(topic) ?? 0;
  }
}
