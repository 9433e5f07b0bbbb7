import type { Admin } from 'kafkajs';
import kafkajs from 'kafkajs';
import { publicTopicName, publicTopics } from '#libs/events/public-events.js';
import { errorCodeOf } from '#libs/ledger/kafka/broker-link.js';
import { kafkaClient } from '#libs/ledger/kafka/kafka-client.js';
import type { KafkaSettings } from '#libs/ledger/kafka/kafka-settings.js';
import type { TopicSpec } from '#libs/ledger/kafka/topic-spec.js';
import { defaultSessionRetentionMs } from '#libs/ledger/ledger-place.js';
import { sleep, systemClock } from '#libs/runtime/clock.js';
import {
  atLeast,
  ledgerTopicSpec,
  publicTopicSpec,
  sessionTopicSpec,
  vaultTopicSpec,
} from '#libs/ledger/kafka/topic-spec.js';

/** Names of the topics of one cell. */
export interface CellTopics {
  /** Default `auth`: `auth.ledger.v1`, `auth.session.v1`, `auth.vault.v1`. */
  readonly prefix?: string;
  /** 3 in production; then two replicas must have an append before it is acknowledged. */
  readonly replicationFactor: number;
  /** How long ledger S is kept, ms. Default: `defaultSessionRetentionMs`. */
  readonly sessionRetentionMs?: number | undefined;
}

/** One thing about a topic that is not as it must be. */
export interface TopicDeviation {
  readonly topic: string;
  /** Kafka's name of the setting, or `exists`, `partitions`, `replication.factor`. */
  readonly setting: string;
  readonly expected: string;
  readonly actual: string;
}

/** The topics that Ledgate needs, with their settings. */
export function topicSpecs(cell: CellTopics): TopicSpec[] {
  const { prefix = 'auth', replicationFactor, sessionRetentionMs } = cell;
  const retentionMs = sessionRetentionMs ?? defaultSessionRetentionMs;
  return [
    ledgerTopicSpec(`${prefix}.ledger.v1`, replicationFactor),
    sessionTopicSpec(`${prefix}.session.v1`, replicationFactor, retentionMs),
    vaultTopicSpec(`${prefix}.vault.v1`, replicationFactor),
  ];
}

/** The three topics that others read: derived from the ledger, so the cell can do without them. */
export function publicTopicSpecs({ prefix = 'auth', replicationFactor }: CellTopics): TopicSpec[] {
  return publicTopics.map((topic) =>
    publicTopicSpec(publicTopicName(prefix, topic), replicationFactor),
  );
}

const LEADERS_MS = 20_000;
const LOOK_MS = 100;
const notThereYet: ReadonlySet<string> = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
]);

/** Creates those that do not exist; changes none that does. Resolves with the created names. */
export async function ensureTopics(
  settings: KafkaSettings,
  specs: readonly TopicSpec[],
): Promise<string[]> {
  return withAdmin(settings, async (admin) => {
    const created: string[] = [];
    for (const spec of specs) if (await create(admin, spec)) created.push(spec.topic);
    return created;
  });
}

/** What is not as it must be; empty when all is well. Rejects when no broker can be reached. */
export async function checkTopics(
  settings: KafkaSettings,
  specs: readonly TopicSpec[],
): Promise<TopicDeviation[]> {
  return withAdmin(settings, async (admin) => {
    const deviations: TopicDeviation[] = [];
    for (const spec of specs) deviations.push(...(await check(admin, spec)));
    return deviations;
  });
}

async function create(admin: Admin, spec: TopicSpec): Promise<boolean> {
  const created = await admin.createTopics({
    // kafkajs' own wait takes a topic that a busy broker is still making for one that is not there.
    waitForLeaders: false,
    topics: [
      {
        topic: spec.topic,
        numPartitions: spec.partitions ?? 1,
        replicationFactor: spec.replicationFactor,
        configEntries: spec.settings.map(({ name, value }) => ({ name, value })),
      },
    ],
  });
  if (created) await untilLed(admin, spec.topic);
  return created;
}

/** Rejects when a topic that was just made has no leaders for long. */
async function untilLed(admin: Admin, topic: string): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += LOOK_MS) {
    const fault = await faultOf(admin, topic);
    if (fault === undefined) return;
    if (waitedMs >= LEADERS_MS) throw fault;
    await sleep(systemClock, LOOK_MS);
  }
}

async function faultOf(admin: Admin, topic: string): Promise<Error | undefined> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const partitions = topics[0]?.partitions ?? [];
    const led = partitions.length > 0 && partitions.every(({ leader }) => leader >= 0);
    return led ? undefined : new Error(`${topic} has no leader`);
  } catch (cause) {
    if (notThereYet.has(errorCodeOf(cause) ?? '')) return cause as Error;
    throw cause;
  }
}

async function check(admin: Admin, spec: TopicSpec): Promise<TopicDeviation[]> {
  const actual = await actualSettings(admin, spec.topic);
  if (actual === undefined) {
    return [{ topic: spec.topic, setting: 'exists', expected: 'true', actual: 'false' }];
  }
  const some = atLeast('partitions', 1);
  const one = { ...some, expected: '1', accepts: (count: string) => count === '1' };
  const required = [
    spec.partitions === undefined ? one : some,
    atLeast('replication.factor', spec.replicationFactor),
    ...spec.settings,
  ];
  return required
    .filter(({ name, accepts }) => !accepts(actual.get(name) ?? ''))
    .map(({ name, expected }) => ({
      topic: spec.topic,
      setting: name,
      expected,
      actual: actual.get(name) ?? 'not set',
    }));
}

async function actualSettings(
  admin: Admin,
  topic: string,
): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
    });
    const partitions = topics[0]?.partitions ?? [];
    const replicas = Math.min(...partitions.map((partition) => partition.replicas.length));
    const settings = new Map<string, string>();
    for (const entry of resources[0]?.configEntries ?? []) {
      settings.set(entry.configName, entry.configValue);
    }
    settings.set('partitions', String(partitions.length));
    settings.set('replication.factor', String(replicas));
    return settings;
  } catch (cause) {
    if (errorCodeOf(cause) === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
    throw cause;
  }
}

/** Runs something with an administrative client, and closes it. */
export async function withAdmin<T>(
  settings: KafkaSettings,
  run: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = kafkaClient(settings).admin();
  await admin.connect();
  try {
    return await run(admin);
  } finally {
    await admin.disconnect();
  }
}
