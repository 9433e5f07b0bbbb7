/** One setting of a topic: what it is created with, and what is accepted later. */
export interface TopicSetting {
  /** Kafka's name of the setting, or `partitions` or `replication.factor`. */
  readonly name: string;
  readonly value: string;
  readonly accepts: (actual: string) => boolean;
  /** `accepts` in words. */
  readonly expected: string;
}

export interface TopicSpec {
  readonly topic: string;
  readonly replicationFactor: number;
  /** Absent: exactly one. Else how many it is created with; any number is accepted later. */
  readonly partitions?: number;
  readonly settings: readonly TopicSetting[];
}

const DAY_MS = 86_400_000;
const ANYTHING = '-1';
/** MAX_APPEND_BYTES and what Kafka adds to a batch. */
const MESSAGE_BYTES = 9_437_184;

/**
 * How long a tombstone outlives its blob, ms. A cache that has not been caught up for half of it may
 * have missed one, and is rebuilt.
 */
export const TOMBSTONE_MS = 7 * DAY_MS;

/**
 * How long compaction may take to remove an erased blob from the disks, ms: until its segment is
 * rolled (`segment.ms`) and then cleaned (`max.compaction.lag.ms`), each at its highest accepted value.
 */
export const ERASED_AFTER_MS = 2 * DAY_MS;

/** Ledger L: one partition, kept for ever, in the order and with the time of its broker. */
export function ledgerTopicSpec(topic: string, replicationFactor: number): TopicSpec {
  return keptFor(exactly('retention.ms', ANYTHING), topic, replicationFactor);
}

/** What two checkpoints take in a cell where nothing happens: a late start reads them first. */
const CHECKPOINTS_MS = 120 * DAY_MS;

/**
 * Ledger S: identity trims it, which knows its checkpoints; so its topic keeps everything. Operators may
 * set a retention all the same, as long as a late start finds what is still valid.
 */
export function sessionTopicSpec(
  topic: string,
  replicationFactor: number,
  retentionMs: number,
): TopicSpec {
  return keptFor(
    forEverOr(atLeast('retention.ms', retentionMs + CHECKPOINTS_MS)),
    topic,
    replicationFactor,
  );
}

function keptFor(retention: TopicSetting, topic: string, replicationFactor: number): TopicSpec {
  const settings = [
    exactly('cleanup.policy', 'delete'),
    retention,
    exactly('retention.bytes', ANYTHING),
    exactly('message.timestamp.type', 'LogAppendTime'),
  ];
  return { topic, replicationFactor, settings: [...settings, ...durable(replicationFactor)] };
}

/** The vault: the last value of each id, erased ones gone from the disks after two days at most. */
export function vaultTopicSpec(topic: string, replicationFactor: number): TopicSpec {
  const settings = [
    exactly('cleanup.policy', 'compact'),
    atMost('max.compaction.lag.ms', DAY_MS),
    atMost('segment.ms', DAY_MS),
    atLeast('delete.retention.ms', TOMBSTONE_MS),
  ];
  return { topic, replicationFactor, settings: [...settings, ...durable(replicationFactor)] };
}

/** Days that decisions are kept for. */
const AUDIT_DAYS = 400;

/** Decisions of all authorizers, one line of JSON each: kept for more than a year. */
export function auditTopicSpec(topic: string, replicationFactor: number): TopicSpec {
  const settings = [
    exactly('cleanup.policy', 'delete'),
    atLeast('retention.ms', AUDIT_DAYS * DAY_MS),
    exactly('retention.bytes', ANYTHING),
  ];
  return { topic, replicationFactor, settings: [...settings, ...durable(replicationFactor)] };
}

/** Enough to spread the work of a consumer group; what must stay in order shares a partition. */
const PUBLIC_PARTITIONS = 6;
const PUBLIC_DAYS = 30;

/** A public topic: created to be kept for ever, as it is small; operators may keep less. */
export function publicTopicSpec(topic: string, replicationFactor: number): TopicSpec {
  const settings = [
    exactly('cleanup.policy', 'delete'),
    forEverOr(atLeast('retention.ms', PUBLIC_DAYS * DAY_MS)),
    exactly('retention.bytes', ANYTHING),
  ];
  const partitions = PUBLIC_PARTITIONS;
  return {
    topic,
    replicationFactor,
    partitions,
    settings: [...settings, ...durable(replicationFactor)],
  };
}

function forEverOr(setting: TopicSetting): TopicSetting {
  return {
    ...setting,
    value: ANYTHING,
    accepts: (actual) => actual === ANYTHING || setting.accepts(actual),
    expected: `${ANYTHING}, or ${setting.expected}`,
  };
}

function durable(replicationFactor: number): TopicSetting[] {
  return [
    atLeast('max.message.bytes', MESSAGE_BYTES),
    atLeast('min.insync.replicas', replicationFactor >= 3 ? 2 : 1),
    exactly('unclean.leader.election.enable', 'false'),
  ];
}

function exactly(name: string, value: string): TopicSetting {
  return { name, value, accepts: (actual) => actual === value, expected: value };
}

function atMost(name: string, limit: number): TopicSetting {
  const accepts = (actual: string): boolean => isNumber(actual) && Number(actual) <= limit;
  return { name, value: String(limit), accepts, expected: `at most ${limit}` };
}

export function atLeast(name: string, limit: number): TopicSetting {
  const accepts = (actual: string): boolean => isNumber(actual) && Number(actual) >= limit;
  return { name, value: String(limit), accepts, expected: `at least ${limit}` };
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}
