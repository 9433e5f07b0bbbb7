import { BrokerLink } from '#libs/ledger/kafka/broker-link.js';
import { resolveSettings, type KafkaSettings } from '#libs/ledger/kafka/kafka-settings.js';
import { withAdmin } from '#libs/ledger/kafka/topics.js';

/** Headers of the last message of a partition, or that there is none. */
export interface PartitionTailHeaders {
  readonly partition: number;
  /** `undefined`: the partition is empty. */
  readonly headers: Readonly<Record<string, string>> | undefined;
}

interface Leader {
  readonly partition: number;
  readonly address: string;
  /** Offset after the last message. */
  readonly high: number;
  readonly low: number;
}

interface FetchAnswer {
  readonly responses: readonly {
    readonly partitions: readonly {
      readonly messages: readonly {
        readonly offset: string;
        readonly headers: Readonly<Record<string, Buffer | Buffer[] | undefined>>;
      }[];
    }[];
  }[];
}

const WAIT_MS = 2_500;
const ANY_REPLICA = -1;

/**
 * The last message of each partition of a topic that is neither compacted nor written by
 * transactions. Rejects when the topic does not exist or a leader cannot be reached.
 */
export async function readTopicTails(
  settings: KafkaSettings,
  topic: string,
): Promise<PartitionTailHeaders[]> {
  const leaders = await findLeaders(settings, topic);
  const links = new Map<string, BrokerLink>();
  const resolved = resolveSettings(settings);
  try {
    const tails: PartitionTailHeaders[] = [];
    for (const leader of leaders) {
      const { address, partition } = leader;
      const link = links.get(address) ?? new BrokerLink(resolved, address);
      links.set(address, link);
      await link.connect(resolved.requestTimeoutMs);
      const headers = leader.high > leader.low ? await lastHeaders(link, topic, leader) : undefined;
      tails.push({ partition, headers });
    }
    return tails;
  } finally {
    for (const link of links.values()) link.destroy(new Error('closed'));
  }
}

function findLeaders(settings: KafkaSettings, topic: string): Promise<Leader[]> {
  return withAdmin(settings, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const { brokers } = await admin.describeCluster();
    const offsets = await admin.fetchTopicOffsets(topic);
    return (topics[0]?.partitions ?? []).map(({ partitionId, leader }) => {
      const broker = brokers.find(({ nodeId }) => nodeId === leader);
      const range = offsets.find(({ partition }) => partition === partitionId);
      if (broker === undefined || range === undefined) {
        throw new Error(`partition ${partitionId} of ${topic} has no leader`);
      }
      const host = broker.host.includes(':') ? `[${broker.host}]` : broker.host;
      const [high, low] = [Number(range.high), Number(range.low)];
      return { partition: partitionId, address: `${host}:${broker.port}`, high, low };
    });
  });
}

async function lastHeaders(
  link: BrokerLink,
  topic: string,
  { partition, high }: Leader,
): Promise<Readonly<Record<string, string>>> {
  // One byte asks for the whole batch that holds the message.
  const fields = {
    replicaId: ANY_REPLICA,
    isolationLevel: 0,
    maxWaitTime: 0,
    minBytes: 1,
    maxBytes: 10_485_760,
    topics: [{ topic, partitions: [{ partition, fetchOffset: String(high - 1), maxBytes: 1 }] }],
  };
  const answer = await link.request<FetchAnswer>('Fetch', fields, WAIT_MS);
  const messages = answer.responses[0]?.partitions[0]?.messages ?? [];
  const last = messages.find(({ offset }) => Number(offset) === high - 1);
  if (last === undefined) throw new Error(`the end of ${topic}/${partition} cannot be read`);
  return Object.fromEntries(
    Object.entries(last.headers).map(([name, value]) => [name, String([value].flat()[0] ?? '')]),
  );
}
