import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  describeOnKafka,
  describeWithBrokerControl,
} from '../../support/kafka/describe-on-kafka.js';
import { startCluster, type KafkaCluster } from '../../support/kafka/start-cluster.js';
import { startControlledBroker } from '../../support/kafka/start-broker.js';
import type { CutStage } from '../../support/net/proxy-connection.js';
import { startProxy, type Proxy } from '../../support/net/start-proxy.js';

const produce = 0;

function client(brokers: string[]): Kafka {
  return new Kafka({
    brokers,
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    requestTimeout: 2000,
    retry: { retries: 0 },
  });
}

async function createTopic(brokers: string[], topic: string): Promise<void> {
  const admin = client(brokers).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await admin.disconnect();
}

/** How many records the topic holds. */
async function logEnd(brokers: string[], topic: string): Promise<number> {
  const admin = client(brokers).admin();
  await admin.connect();
  const [partition] = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return Number(partition?.high);
}

async function trySend(producer: Producer, topic: string): Promise<'sent' | 'failed'> {
  try {
    await producer.send({ topic, acks: -1, messages: [{ value: 'x'.repeat(200), partition: 0 }] });
    return 'sent';
  } catch {
    return 'failed';
  }
}

async function connectedProducer(brokers: string[]): Promise<Producer> {
  const producer = client(brokers).producer({ retry: { retries: 0 } });
  await producer.connect();
  return producer;
}

describeOnKafka('the broker of the tier', (brokers) => {
  it('keeps what was sent', async () => {
    const topic = `smoke-${Date.now()}`;
    await createTopic(brokers, topic);
    const producer = await connectedProducer(brokers);
    expect(await trySend(producer, topic)).toBe('sent');
    await producer.disconnect();
    expect(await logEnd(brokers, topic)).toBe(1);
  });
});

describeWithBrokerControl('a broker behind a proxy', () => {
  let proxy: Proxy;
  let broker: Awaited<ReturnType<typeof startControlledBroker>>;

  beforeAll(async () => {
    proxy = await startProxy();
    broker = await startControlledBroker({ advertise: proxy.port });
    proxy.pointTo({ port: broker.control.port });
  });
  afterAll(async () => {
    await broker.stop();
    await proxy.stop();
  });

  const stages: [CutStage, number[]][] = [
    ['before-request', [0]],
    ['mid-request', [0]],
    ['after-request', [0, 1]],
    ['before-reply', [1]],
    ['mid-reply', [1]],
  ];
  it.each(stages)('cut %s: the send fails, the log gained one of %j', async (stage, gains) => {
    const topic = `cut-${stage}`;
    await createTopic(broker.direct, topic);
    const producer = await connectedProducer(broker.bootstrap);
    expect(await trySend(producer, topic)).toBe('sent');
    const before = proxy.faultsDone();
    proxy.setFaults((request) => (request.apiKey === produce ? stage : undefined));
    expect(await trySend(producer, topic)).toBe('failed');
    proxy.setFaults(undefined);
    expect(proxy.faultsDone()).toBe(before + 1);
    await sleep(200);
    expect(gains).toContain((await logEnd(broker.direct, topic)) - 1);
    await producer.disconnect();
  });

  it('a paused proxy holds the reply back until it is resumed', async () => {
    await createTopic(broker.direct, 'held');
    const producer = await connectedProducer(broker.bootstrap);
    expect(await trySend(producer, 'held')).toBe('sent');
    proxy.pause();
    const sending = trySend(producer, 'held');
    expect(await Promise.race([sending, sleep(400, 'nothing yet')])).toBe('nothing yet');
    proxy.resume();
    expect(await sending).toBe('sent');
    await producer.disconnect();
  });

  it('a paused broker answers nothing; a resumed one does', async () => {
    broker.control.pause();
    await expect(logEnd(broker.direct, 'held')).rejects.toThrow();
    broker.control.resume();
    expect(await logEnd(broker.direct, 'held')).toBe(2);
  });

  it('a killed broker comes back on the same port with its data', async () => {
    const before = broker.control.pid();
    await broker.control.kill9();
    await expect(logEnd(broker.direct, 'held')).rejects.toThrow();
    await broker.control.restart();
    expect(broker.control.pid()).not.toBe(before);
    expect(await logEnd(broker.bootstrap, 'held')).toBe(2);
  });
});

describeWithBrokerControl('a cluster of three', () => {
  let cluster: KafkaCluster;

  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  describe('when the leader is killed', () => {
    it('another node leads and the acknowledged record is there', async () => {
      await createTopic(cluster.bootstrap, 'moved');
      const producer = await connectedProducer(cluster.bootstrap);
      expect(await trySend(producer, 'moved')).toBe('sent');
      await producer.disconnect();
      const first = await cluster.leaderOf('moved');
      await first.kill9();
      const rest = cluster.direct.filter((address) => address !== first.direct);
      await expect
        .poll(() => leaderSeenBy(rest, 'moved'), { timeout: 30_000, interval: 250 })
        .toSatisfy((id: number) => id > 0 && id !== first.id);
      await expect.poll(() => logEnd(rest, 'moved'), { timeout: 10_000, interval: 250 }).toBe(1);
      await cluster.restart();
      expect(cluster.nodes.every((node) => node.pid() !== undefined)).toBe(true);
    });
  });
});

async function leaderSeenBy(brokers: string[], topic: string): Promise<number> {
  const admin = client(brokers).admin();
  await admin.connect();
  try {
    const metadata = await admin.fetchTopicMetadata({ topics: [topic] });
    return metadata.topics[0]?.partitions[0]?.leader ?? -1;
  } finally {
    await admin.disconnect();
  }
}
