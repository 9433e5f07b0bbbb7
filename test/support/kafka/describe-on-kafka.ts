import { describe, inject } from 'vitest';

/**
 * A `describe` for the Kafka tier: runs on the broker that the whole tier shares (`bootstrap`);
 * use fresh topic names. Where no broker can be had the tests count as skipped, and the set-up
 * of the tier has printed why.
 */
export function describeOnKafka(title: string, body: (bootstrap: string[]) => void): void {
  const { brokers } = inject('kafka');
  describe.skipIf(brokers.length === 0)(title, () => body(brokers));
}

/** The same for tests that start, pause and kill brokers of their own (from jars). */
export function describeWithBrokerControl(title: string, body: () => void): void {
  describe.skipIf(!inject('kafka').canControl)(title, body);
}
