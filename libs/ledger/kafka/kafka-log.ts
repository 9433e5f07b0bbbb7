import { checkAppend } from '#libs/ledger/append-limits.js';
import type { EventLog, LogBatch, LogRecord } from '#libs/ledger/event-log.js';
import { beyondEnd, PositionOutOfRange } from '#libs/ledger/event-log.js';
import { errorCodeOf } from '#libs/ledger/kafka/broker-link.js';
import type { KafkaSettings, ResolvedKafkaSettings } from '#libs/ledger/kafka/kafka-settings.js';
import { resolveSettings } from '#libs/ledger/kafka/kafka-settings.js';
import { LeaderLink } from '#libs/ledger/kafka/leader-link.js';
import { LeaderWatch } from '#libs/ledger/kafka/leader-watch.js';
import { PartitionProducer } from '#libs/ledger/kafka/partition-producer.js';
import type { PartitionEntry } from '#libs/ledger/kafka/partition-requests.js';
import {
  deleteEntries,
  earliestOffset,
  fetchEntries,
  latestOffset,
} from '#libs/ledger/kafka/partition-requests.js';
import type { PartitionBatch } from '#libs/ledger/kafka/partition-tail.js';
import { tailPartition } from '#libs/ledger/kafka/partition-tail.js';

/**
 * The log of one topic with one partition. Connects when first used: the topic must exist by then
 * (`ensureTopics`). Appends, queries and each tail have a connection of their own, so that none
 * waits behind another.
 */
export function openKafkaLog(settings: KafkaSettings & { readonly topic: string }): EventLog {
  return new KafkaLog(resolveSettings(settings), settings.topic);
}

class KafkaLog implements EventLog {
  readonly name: string;
  readonly #settings: ResolvedKafkaSettings;
  readonly #watch: LeaderWatch;
  readonly #producer: PartitionProducer;
  readonly #queries: LeaderLink;
  readonly #closing = new AbortController();

  constructor(settings: ResolvedKafkaSettings, topic: string) {
    this.name = topic;
    this.#settings = settings;
    this.#watch = new LeaderWatch(settings, topic);
    this.#producer = new PartitionProducer(settings, this.#watch);
    this.#queries = new LeaderLink(settings, this.#watch);
  }

  async append(values: readonly Uint8Array[]): Promise<number> {
    checkAppend(values);
    return this.#producer.produce(values.map((value) => ({ key: null, value: bufferOf(value) })));
  }

  async *tail(from: number, signal: AbortSignal): AsyncGenerator<LogBatch> {
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    let next = from;
    for await (const batch of tailPartition(this.#settings, this.#watch, from, stop)) {
      yield denseBatch(batch, next);
      next = batch.next;
    }
  }

  async read(position: number): Promise<LogRecord | undefined> {
    return this.#query(async (link) => {
      // A batch comes whole whatever its size: one byte asks for the batch with the position.
      const options = { maxWaitMs: 0, maxBytes: 1 };
      try {
        const { entries } = await fetchEntries(link, this.name, position, options);
        const entry = entries.find(({ offset }) => offset === position);
        return entry === undefined ? undefined : recordOf(entry);
      } catch (cause) {
        if (errorCodeOf(cause) === 'OFFSET_OUT_OF_RANGE') return undefined;
        throw cause;
      }
    });
  }

  async end(): Promise<number> {
    return this.#query((link, timeoutMs) => latestOffset(link, this.name, timeoutMs));
  }

  async start(): Promise<number> {
    return this.#query((link, timeoutMs) => earliestOffset(link, this.name, timeoutMs));
  }

  async trim(before: number): Promise<void> {
    if (before >= (await this.end())) throw beyondEnd(before);
    if (before <= (await this.start())) return;
    return this.#query((link, timeoutMs) => deleteEntries(link, this.name, before, timeoutMs));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#producer.close();
    this.#queries.close();
    this.#watch.close();
  }

  /** Once more on a new connection if the old one was broken: a query changes nothing. */
  async #query<T>(ask: (link: OpenLink['link'], timeoutMs: number) => Promise<T>): Promise<T> {
    const { clock, requestTimeoutMs } = this.#settings;
    const deadlineMs = clock.monotonicMs() + requestTimeoutMs;
    const left = (): number => deadlineMs - clock.monotonicMs();
    const once = async (): Promise<T> => {
      const { link } = await this.#queries.get(left());
      return ask(link, left());
    };
    try {
      return await once();
    } catch (cause) {
      this.#queries.drop(cause as Error);
      if (left() <= 0 || this.#closing.signal.aborted) throw cause;
      return once();
    }
  }
}

type OpenLink = Awaited<ReturnType<LeaderLink['get']>>;

function denseBatch(batch: PartitionBatch, first: number): LogBatch {
  batch.entries.forEach(({ offset }, i) => {
    if (offset !== first + i) throw new PositionOutOfRange(first + i);
  });
  const next = first + batch.entries.length;
  if (batch.next !== next) throw new PositionOutOfRange(next);
  const { end, fetchedAtMs, leaderConfirmedAtMs, reconnected } = batch;
  const records = batch.entries.map(recordOf);
  return { records, end, fetchedAtMs, leaderConfirmedAtMs, reconnected };
}

function recordOf({ offset, value, control, timestampMs }: PartitionEntry): LogRecord {
  return { position: offset, value, control, appendedAtMs: timestampMs };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
