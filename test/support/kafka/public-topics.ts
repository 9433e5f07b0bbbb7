import { setTimeout as pause } from 'node:timers/promises';
import { ensureTopics, publicTopicSpecs } from '#libs/ledger/kafka/topics.js';

const patienceMs = 20_000;

/** Creates the three public topics; waits until a busy broker has them. */
export async function freshPublicTopics(brokers: readonly string[], prefix: string): Promise<void> {
  const specs = publicTopicSpecs({ prefix, replicationFactor: brokers.length });
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    try {
      await ensureTopics({ brokers }, specs);
      return;
    } catch (error) {
      // kafkajs takes a topic that the broker is still making for one that is not there.
      if (performance.now() > untilMs) throw error;
      await pause(200);
    }
  }
}
