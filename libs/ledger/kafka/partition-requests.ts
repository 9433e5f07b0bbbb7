import type { BrokerLink } from '#libs/ledger/kafka/broker-link.js';

/** One entry of the partition, as it was fetched. */
export interface PartitionEntry {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Written by the broker itself (transaction markers). */
  readonly control: boolean;
  /** Milliseconds since the Unix epoch: LogAppendTime, where the topic is set so. */
  readonly timestampMs: number;
}

export interface FetchedEntries {
  readonly entries: readonly PartitionEntry[];
  /** The high watermark: offset after the last entry that all in-sync replicas have. */
  readonly end: number;
  /** Offset to go on from. Past the last entry where compaction emptied the end of a batch. */
  readonly next: number;
}

/** Milliseconds that a broker may take on top of the time it was allowed to wait. */
export const ANSWER_SLACK_MS = 1_500;

const CONSUMER = -1;
/** Everything up to the high watermark, whatever became of its transaction (L4: nothing skipped). */
const READ_UNCOMMITTED = 0;
const LATEST = -1;
const EARLIEST = -2;
const ALL_IN_SYNC = -1;
const NO_COMPRESSION = 0;
const TOTAL_BYTES = 10_485_760;

interface KafkajsMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly firstOffset: string; readonly lastOffsetDelta: number };
}

interface FetchAnswer {
  readonly responses: readonly {
    readonly partitions: readonly {
      readonly highWatermark: string;
      readonly messages: readonly KafkajsMessage[];
    }[];
  }[];
}

export interface FetchOptions {
  /** How long the broker may wait for new entries, ms. */
  readonly maxWaitMs: number;
  /** Upper bound of what is returned; the first batch comes whole, whatever its size. */
  readonly maxBytes: number;
}

/** Entries from `offset` on. Rejects with error code OFFSET_OUT_OF_RANGE for one not in the log. */
export async function fetchEntries(
  link: BrokerLink,
  topic: string,
  offset: number,
  { maxWaitMs, maxBytes }: FetchOptions,
): Promise<FetchedEntries> {
  const partition = { partition: 0, fetchOffset: String(offset), maxBytes };
  const fields = {
    replicaId: CONSUMER,
    isolationLevel: READ_UNCOMMITTED,
    maxWaitTime: maxWaitMs,
    minBytes: 1,
    maxBytes: TOTAL_BYTES,
    topics: [{ topic, partitions: [partition] }],
  };
  const answer = await link.request<FetchAnswer>('Fetch', fields, maxWaitMs + ANSWER_SLACK_MS);
  const fetched = answer.responses[0]?.partitions[0];
  if (fetched === undefined) throw new Error(`${link.address} answered without the partition`);
  const last = fetched.messages.at(-1)?.batchContext;
  return {
    // A batch comes whole: it may begin before the offset that was asked for.
    entries: fetched.messages.map(entryOf).filter((entry) => entry.offset >= offset),
    end: Number(fetched.highWatermark),
    next: last === undefined ? offset : Number(last.firstOffset) + last.lastOffsetDelta + 1,
  };
}

function entryOf(message: KafkajsMessage): PartitionEntry {
  return {
    offset: Number(message.offset),
    key: message.key,
    value: message.value,
    control: message.isControlRecord,
    timestampMs: Number(message.timestamp),
  };
}

/** The high watermark. */
export function latestOffset(link: BrokerLink, topic: string, timeoutMs: number): Promise<number> {
  return offsetAt(LATEST, link, topic, timeoutMs);
}

/** The first offset that is still there. */
export function earliestOffset(
  link: BrokerLink,
  topic: string,
  timeoutMs: number,
): Promise<number> {
  return offsetAt(EARLIEST, link, topic, timeoutMs);
}

/** Deletes the entries below an offset. */
export async function deleteEntries(
  link: BrokerLink,
  topic: string,
  before: number,
  timeoutMs: number,
): Promise<void> {
  const partitions = [{ partition: 0, offset: String(before) }];
  const timeout = Math.max(1, Math.round(timeoutMs * 0.8));
  await link.request('DeleteRecords', { topics: [{ topic, partitions }], timeout }, timeoutMs);
}

async function offsetAt(
  timestamp: number,
  link: BrokerLink,
  topic: string,
  timeoutMs: number,
): Promise<number> {
  const fields = {
    replicaId: CONSUMER,
    isolationLevel: READ_UNCOMMITTED,
    topics: [{ topic, partitions: [{ partition: 0, timestamp }] }],
  };
  const answer = await link.request<{
    readonly responses: readonly { readonly partitions: readonly { readonly offset: string }[] }[];
  }>('ListOffsets', fields, timeoutMs);
  return Number(answer.responses[0]?.partitions[0]?.offset);
}

/** What one entry is to hold; a null value is a tombstone. */
export interface NewEntry {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/**
 * Appends the entries as one batch; resolves with the offset of the first once all in-sync replicas
 * have it. Not idempotent and never repeated: kafkajs loses acknowledged records when it is.
 */
export async function produceEntries(
  link: BrokerLink,
  topic: string,
  entries: readonly NewEntry[],
  options: { readonly timeoutMs: number; readonly onHandedOver: () => void },
): Promise<number> {
  const fields = {
    acks: ALL_IN_SYNC,
    // The broker gives up first, so that its reason arrives before our own deadline.
    timeout: Math.max(1, Math.round(options.timeoutMs * 0.8)),
    compression: NO_COMPRESSION,
    topicData: [{ topic, partitions: [{ partition: 0, firstSequence: 0, messages: entries }] }],
  };
  const answer = await link.request<{
    readonly topics: readonly { readonly partitions: readonly { readonly baseOffset: string }[] }[];
  }>('Produce', fields, options.timeoutMs, options.onHandedOver);
  return Number(answer.topics[0]?.partitions[0]?.baseOffset);
}
