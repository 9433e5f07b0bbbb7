import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { freePorts } from '../net/free-ports.js';
import { formatNodes, kafkaNode, nodeOutput, type KafkaNode } from './kafka-node.js';
import type { NodeAddresses } from './node-settings.js';
import { waitUntilReady } from './wait-until-ready.js';

/** A real Kafka cluster on this machine, every node under the control of the test. */
export interface KafkaCluster {
  /** What clients should be given: the addresses of the proxies, where there are any. */
  readonly bootstrap: string[];
  /** The brokers themselves, past any proxy. */
  readonly direct: string[];
  readonly nodes: readonly KafkaNode[];
  /** The node that leads partition 0 of `topic` now. */
  leaderOf(topic: string): Promise<KafkaNode>;
  /** Starts what is not running and waits until all nodes see each other. */
  restart(): Promise<void>;
  /** Ends all processes and deletes their data. */
  stop(): Promise<void>;
}

export interface ClusterOptions {
  /** Default 3. */
  readonly nodes?: number;
  /** The ports that clients are told, one for each node: those of proxies, typically. */
  readonly advertise?: readonly number[];
  /** Settings of every broker that are added or replaced. */
  readonly extra?: Readonly<Record<string, string>>;
}

const kafkaUuid = (): string => {
  const text = randomBytes(16).toString('base64url');
  return text.startsWith('-') ? kafkaUuid() : text;
};

async function addressesOf(options: ClusterOptions, folder: string): Promise<NodeAddresses[]> {
  const count = options.nodes ?? 3;
  const ports = await freePorts(3 * count);
  const port = (i: number): number => ports[i] ?? 0;
  return Array.from({ length: count }, (_, i) => ({
    id: i + 1,
    clientPort: port(3 * i),
    advertisedPort: options.advertise?.[i] ?? port(3 * i),
    directPort: port(3 * i + 1),
    controllerPort: port(3 * i + 2),
    folder: join(folder, String(i + 1)),
    extra: options.extra ?? {},
  }));
}

/** Formats and starts a fresh cluster; it answers when this returns. */
export async function startCluster(options: ClusterOptions = {}): Promise<KafkaCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'ledgate-kafka-'));
  const addresses = await addressesOf(options, folder);
  await formatNodes(addresses, { cluster: kafkaUuid(), directories: addresses.map(kafkaUuid) });
  const nodes = await Promise.all(addresses.map(kafkaNode));
  const direct = nodes.map((node) => node.direct);

  const restart = async (): Promise<void> => {
    for (const node of nodes) if (node.pid() === undefined) node.start();
    await waitUntilReady(direct, nodes.length);
  };
  const stop = async (): Promise<void> => {
    // All at once, and without ceremony: a majority that is gone keeps the last node waiting.
    await Promise.all(nodes.map((node) => node.kill9()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await restart();
  } catch (error) {
    const output = addresses.map((node) => nodeOutput(node.folder)).join('\n');
    await stop();
    throw new Error(`Kafka did not start:\n${output}`, { cause: error });
  }
  return {
    bootstrap: nodes.map((node) => node.address),
    direct,
    nodes,
    leaderOf: async (topic) => {
      const id = await leaderId(direct, topic);
      const node = nodes.find((one) => one.id === id);
      if (node === undefined) throw new Error(`${topic} has no leader`);
      return node;
    },
    restart,
    stop,
  };
}

async function leaderId(brokers: string[], topic: string): Promise<number | undefined> {
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const metadata = await admin.fetchTopicMetadata({ topics: [topic] });
    return metadata.topics[0]?.partitions[0]?.leader;
  } finally {
    await admin.disconnect();
  }
}
