import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';

/** Waits until every one of `brokers` answers and knows a cluster of `count` with a controller. */
export async function waitUntilReady(brokers: string[], count: number, ms = 60_000): Promise<void> {
  const deadline = Date.now() + ms;
  for (const broker of brokers) {
    for (;;) {
      if (await seesCluster(broker, count)) break;
      if (Date.now() > deadline) throw new Error(`no Kafka cluster of ${count} at ${broker}`);
      await sleep(150);
    }
  }
}

async function seesCluster(broker: string, count: number): Promise<boolean> {
  const admin = new Kafka({
    brokers: [broker],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    requestTimeout: 2000,
    retry: { retries: 0 },
  }).admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    return cluster.brokers.length >= count && cluster.controller !== null;
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
