import { randomUUID } from 'node:crypto';
import kafkajs, { type Admin } from 'kafkajs';
import { ledgerTopicSpec, vaultTopicSpec } from '#libs/ledger/kafka/topic-spec.js';
import { ensureTopics } from '#libs/ledger/kafka/topics.js';

/** Creates a ledger topic of its own for one test, replicated to all of `brokers`. */
export async function freshLedgerTopic(brokers: readonly string[], topic = name('ledger')) {
  await ensureTopics({ brokers }, [ledgerTopicSpec(topic, brokers.length)]);
  return topic;
}

/** The same for a vault. */
export async function freshVaultTopic(brokers: readonly string[], topic = name('vault')) {
  await ensureTopics({ brokers }, [vaultTopicSpec(topic, brokers.length)]);
  return topic;
}

/** Deletes the topic and creates it again, empty, under the same name. */
export async function recreateLedgerTopic(
  brokers: readonly string[],
  topic: string,
): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    await admin.deleteTopics({ topics: [topic] });
    // The deletion is over for clients once the name is free.
    for (let gone = false; !gone;) gone = !(await admin.listTopics()).includes(topic);
  });
  await freshLedgerTopic(brokers, topic);
}

export async function withAdmin<T>(
  brokers: readonly string[],
  run: (admin: Admin) => Promise<T>,
): Promise<T> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await run(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Writes values, null among them, with a producer that is not ours. */
export async function produceForeign(
  brokers: readonly string[],
  topic: string,
  values: readonly (Buffer | null)[],
): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const messages = values.map((value) => ({ value, partition: 0 }));
  await producer.send({ topic, messages });
  await producer.disconnect();
}

function name(kind: string): string {
  return `test.${kind}.${randomUUID()}`;
}
