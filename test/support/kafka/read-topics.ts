import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import { withAdmin } from './fresh-topic.js';

export interface TopicMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer;
}

/** Everything that is in topics now, in order within each partition. */
export async function readTopics(
  brokers: readonly string[],
  topics: readonly string[],
): Promise<TopicMessage[]> {
  let wanted = await countMessages(brokers, topics);
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `read-${randomUUID()}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  const messages: TopicMessage[] = [];
  await new Promise<void>((resolve, reject) => {
    if (wanted === 0) resolve();
    consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
    void consumer.run({
      autoCommit: false,
      eachMessage: ({ topic, partition, message }) => {
        const { key, value, offset } = message;
        const headers = Object.fromEntries(
          Object.entries(message.headers ?? {}).map(([name, text]) => [name, String(text)]),
        );
        const bytes = value ?? Buffer.alloc(0);
        messages.push({
          topic,
          partition,
          headers,
          value: bytes,
          offset: Number(offset),
          key: String(key),
        });
        wanted -= 1;
        if (wanted === 0) resolve();
        return Promise.resolve();
      },
    });
  });
  await consumer.disconnect();
  return messages;
}

export async function countMessages(
  brokers: readonly string[],
  topics: readonly string[],
): Promise<number> {
  return withAdmin(brokers, async (admin) => {
    let count = 0;
    for (const topic of topics) {
      for (const { high, low } of await admin.fetchTopicOffsets(topic)) {
        count += Number(high) - Number(low);
      }
    }
    return count;
  });
}
