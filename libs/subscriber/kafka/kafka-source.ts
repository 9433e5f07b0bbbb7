import { randomUUID } from 'node:crypto';
import type { Admin, Consumer, ConsumerGroupJoinEvent, EachBatchPayload, Kafka } from 'kafkajs';
import {
  publicTopicName,
  publicTopics,
  topicsOf,
  type PublicTopic,
} from '#libs/events/public-events.js';
import type { StoredCheckpoint } from '#libs/subscriber/checkpoint.js';
import { HandOver } from '#libs/subscriber/hand-over.js';
import { readMessage } from '#libs/subscriber/kafka/read-message.js';
import { streamOf, topicOfStream } from '#libs/subscriber/kafka/stream-names.js';
import { parseMark, type Mark } from '#libs/subscriber/mark.js';
import type { ReadRequest, Source, SourceItem } from '#libs/subscriber/source.js';

export interface KafkaSourceOptions {
  /** A client of kafkajs (2.2): brokers, TLS and SASL are its own matter. */
  readonly kafka: Kafka;
  /** In front of the topics' names. Default `auth`. */
  readonly prefix?: string;
  /** Default: all three public topics. */
  readonly topics?: readonly PublicTopic[];
  /**
   * A consumer group, whose processes share the partitions. Without one this process reads all of
   * them, and nobody else's offsets matter.
   */
  readonly group?: string;
}

export interface KafkaSource extends Source {
  /** The marks as committed offsets of the group, which needs to be named for it. */
  readonly offsets: StoredCheckpoint;
}

/** A member that waits for its handlers says so this often, ms. */
const heartbeatMs = 1_000;
/** In a row; more, and the checkpoint counts as broken. */
const mostFailedCommits = 10;

/** Events from the three public topics; each partition is a stream of its own. */
export function kafkaSource(options: KafkaSourceOptions): KafkaSource {
  const { kafka, prefix = 'auth', topics = publicTopics, group } = options;
  const names = topics.map((topic) => publicTopicName(prefix, topic));
  let consumer: Consumer | undefined;
  const offsets = committedOffsets(kafka, group, () => consumer);
  return {
    offsets,
    read: (request) => {
      const groupId = group ?? `ledgate-subscriber-${randomUUID()}`;
      consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false });
      return readTopics({ kafka, consumer, names, topics, request });
    },
    close: async () => {
      await offsets.close();
      await consumer?.disconnect();
    },
  };
}

interface Reading {
  readonly kafka: Kafka;
  readonly consumer: Consumer;
  readonly names: readonly string[];
  readonly topics: readonly PublicTopic[];
  readonly request: ReadRequest;
}

async function* readTopics(reading: Reading): AsyncGenerator<SourceItem> {
  const { kafka, consumer, names, topics, request } = reading;
  const { signal } = request;
  const items = new HandOver<SourceItem>();
  const stop = (): void => items.end();
  signal.addEventListener('abort', stop, { once: true });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const first = await firstOffsets(admin, names, request);
    let assigned = Promise.resolve();
    const join = ({ payload }: ConsumerGroupJoinEvent): void => {
      assigned = seekAll(reading, payload.memberAssignment, first);
      assigned.catch((error: Error) => items.end(error));
    };
    consumer.on('consumer.group_join', join);
    consumer.on('consumer.crash', ({ payload }) => items.end(payload.error));
    await consumer.connect();
    await consumer.subscribe({ topics: [...names], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async (payload) => {
        await assigned.catch(() => undefined);
        await handOver(payload, items, first, chosen(topics, request.start));
      },
    });
    yield* items.items();
  } finally {
    signal.removeEventListener('abort', stop);
    items.end();
    await admin.disconnect().catch(() => undefined);
    // At the end `close` does it, once the last marks are committed.
    if (!signal.aborted) await consumer.disconnect().catch(() => undefined);
  }
}

/** Offsets at which each stream begins while it has no checkpoint; absent: at its beginning. */
async function firstOffsets(
  admin: Admin,
  names: readonly string[],
  { start }: ReadRequest,
): Promise<ReadonlyMap<string, bigint>> {
  const first = new Map<string, bigint>();
  if (start === 'beginning' || (typeof start === 'object' && 'position' in start)) return first;
  for (const topic of names) {
    const found =
      start === 'now'
        ? await admin.fetchTopicOffsets(topic)
        : await admin.fetchTopicOffsetsByTimestamp(topic, start.time);
    for (const { partition, offset } of found) {
      first.set(streamOf(topic, partition), BigInt(offset));
    }
  }
  return first;
}

/** Brings each partition that this member was given to where its checkpoint stands. */
async function seekAll(
  { consumer, request }: Reading,
  assignment: Readonly<Record<string, number[]>>,
  first: ReadonlyMap<string, bigint>,
): Promise<void> {
  for (const [topic, partitions] of Object.entries(assignment)) {
    for (const partition of partitions) {
      const stream = streamOf(topic, partition);
      const mark = await request.reload(stream);
      const next = mark?.offset === undefined ? first.get(stream) : BigInt(mark.offset) + 1n;
      if (next !== undefined) consumer.seek({ topic, partition, offset: String(next) });
    }
  }
}

async function handOver(
  payload: EachBatchPayload,
  items: HandOver<SourceItem>,
  first: ReadonlyMap<string, bigint>,
  choose: (item: SourceItem, topic: string) => SourceItem,
): Promise<void> {
  const { batch } = payload;
  const stream = streamOf(batch.topic, batch.partition);
  const from = first.get(stream) ?? 0n;
  for (const message of batch.messages) {
    if (!payload.isRunning() || payload.isStale()) return;
    if (BigInt(message.offset) >= from) {
      const taken = items.push(choose(readMessage(stream, message), batch.topic));
      while (!(await within(taken, heartbeatMs))) await payload.heartbeat();
      // Taken away meanwhile: it comes again, from where the checkpoint stands by then.
      if (payload.isStale()) return;
    }
    payload.resolveOffset(message.offset);
    await payload.heartbeat();
  }
}

/**
 * An event that stands in several of the topics is taken from the first of them, one at or before the
 * position to begin behind from none.
 */
function chosen(topics: readonly PublicTopic[], start: ReadRequest['start']) {
  const after = typeof start === 'object' && 'position' in start ? start.position : -1;
  return (item: SourceItem, name: string): SourceItem => {
    if (item.kind !== 'event') return item;
    const { stream, mark, read } = item;
    const home = read.ok
      ? topicsOf(read.event.type).find((one) => topics.includes(one))
      : undefined;
    const elsewhere = home !== undefined && !name.endsWith(`.${home}.v1`);
    return elsewhere || mark.position <= after ? { kind: 'passed', stream, mark } : item;
  };
}

function within(work: Promise<void>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    void work.then(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

/** Marks as offsets that are committed to the group, with the mark as their metadata. */
function committedOffsets(
  kafka: Kafka,
  group: string | undefined,
  consumer: () => Consumer | undefined,
): StoredCheckpoint & { close(): Promise<void> } {
  let admin: Promise<Admin> | undefined;
  let failures = 0;
  const connected = async (): Promise<Admin> => {
    const made = kafka.admin();
    await made.connect();
    return made;
  };
  const named = (): string => {
    if (group === undefined) throw new TypeError('committed offsets need a `group`');
    return group;
  };
  return {
    kind: 'stored',
    load: async (stream) => {
      const groupId = named();
      const { topic, partition } = topicOfStream(stream);
      admin ??= connected();
      const found = await (await admin).fetchOffsets({ groupId, topics: [topic] });
      const committed = found[0]?.partitions.find((one) => one.partition === partition);
      return markOf(committed?.metadata ?? '');
    },
    save: async (stream, mark) => {
      named();
      const { topic, partition } = topicOfStream(stream);
      const offset = String(BigInt(mark.offset ?? '-1') + 1n);
      const metadata = JSON.stringify(mark);
      try {
        await consumer()?.commitOffsets([{ topic, partition, offset, metadata }]);
        failures = 0;
      } catch (error) {
        // While members come and go a commit may fail; what is not committed only comes again.
        failures += 1;
        if (failures > mostFailedCommits) throw error;
      }
    },
    close: async () => {
      if (admin !== undefined) await (await admin).disconnect();
    },
  };
}

function markOf(metadata: string): Mark | undefined {
  try {
    return parseMark(JSON.parse(metadata));
  } catch {
    return undefined;
  }
}
