import kafkajs, { type Producer } from 'kafkajs';
import { kafkaClient } from '#libs/ledger/kafka/kafka-client.js';
import type { KafkaSettings } from '#libs/ledger/kafka/kafka-settings.js';
import { readTopicTails, type PartitionTailHeaders } from '#libs/ledger/kafka/topic-tails.js';

/** One message of a public topic. */
export interface OutgoingMessage {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
}

/** Longest that the brokers may take for a batch, ms. */
const SEND_MS = 10_000;

/**
 * Writes to topics that others read. A message goes to the partition of its key, as the Java client
 * does it (murmur2). Not idempotent: a repeat is what consumers drop by id.
 */
export class PublicOutlet {
  readonly #settings: KafkaSettings;
  readonly #producer: Producer;
  #connected: Promise<void> | undefined;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
    this.#producer = kafkaClient(settings).producer({
      allowAutoTopicCreation: false,
      idempotent: false,
      maxInFlightRequests: 1,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      retry: { retries: 5 },
    });
  }

  /** What the last message of each partition says. Rejects when that cannot be read. */
  tails(topic: string): Promise<PartitionTailHeaders[]> {
    return readTopicTails(this.#settings, topic);
  }

  /** Resolves once all in-sync replicas have all of them. Rejects when any may be missing. */
  async publish(topic: string, messages: readonly OutgoingMessage[]): Promise<void> {
    this.#connected ??= this.#producer.connect();
    try {
      await this.#connected;
      await this.#producer.send({
        topic,
        acks: -1,
        timeout: SEND_MS,
        messages: messages.map(({ key, headers, value }) => ({
          key,
          headers: { ...headers },
          value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
        })),
      });
    } catch (cause) {
      this.#connected = undefined;
      throw cause;
    }
  }

  close(): Promise<void> {
    return this.#producer.disconnect();
  }
}
