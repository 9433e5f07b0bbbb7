import type { Consumer } from 'kafkajs';
import { kafkaClient } from '#libs/ledger/kafka/kafka-client.js';
import type { KafkaSettings } from '#libs/ledger/kafka/kafka-settings.js';
import { sleep } from '#libs/runtime/clock.js';
import type { Clock } from '#libs/runtime/clock.js';

export interface GroupLeaseOptions {
  readonly settings: KafkaSettings;
  /** Consumer group: among its members one holds the lease. */
  readonly group: string;
  /** A topic with one partition. Whoever is given it holds the lease; it is never read. */
  readonly topic: string;
  readonly clock: Clock;
  readonly onTrouble: (error: unknown) => void;
}

const SESSION_MS = 10_000;
const HEARTBEAT_MS = 2_000;
const IDLE_MS = 500;
const PAUSE_MS = 2_000;

/**
 * A lease by membership in a consumer group: a hint about who should do something, and no safety. A
 * member that was cut off may believe for a while that it still holds it.
 */
export class GroupLease {
  readonly #options: GroupLeaseOptions;

  constructor(options: GroupLeaseOptions) {
    this.#options = options;
  }

  /**
   * Takes part until `signal` is aborted, and calls `work` whenever the lease comes here, with a
   * signal that is aborted when it goes.
   */
  async run(signal: AbortSignal, work: (held: AbortSignal) => Promise<void>): Promise<void> {
    const { clock, onTrouble } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#takePart(signal, work);
      } catch (error) {
        onTrouble(error);
      }
      if (!signal.aborted) await sleep(clock, PAUSE_MS, signal);
    }
  }

  async #takePart(signal: AbortSignal, work: (held: AbortSignal) => Promise<void>): Promise<void> {
    const { settings, group, topic } = this.#options;
    const consumer = kafkaClient(settings).consumer({
      groupId: group,
      allowAutoTopicCreation: false,
      sessionTimeout: SESSION_MS,
      rebalanceTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: IDLE_MS,
    });
    let held: AbortController | undefined;
    let working: Promise<void> = Promise.resolve();
    const begin = (): void => {
      if (held !== undefined) return;
      const term = new AbortController();
      held = term;
      const before = working;
      working = before.then(() => work(term.signal)).catch(this.#options.onTrouble);
    };
    const end = (): void => {
      held?.abort();
      held = undefined;
    };
    consumer.on('consumer.group_join', ({ payload }) => {
      consumer.pause([{ topic }]);
      if ((payload.memberAssignment[topic] ?? []).includes(0)) begin();
      else end();
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: false });
      const left = whenOver(consumer, signal);
      const run = consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() });
      // Joining a group takes seconds: nobody who wants to stop waits for it.
      await Promise.race([left, run.then(() => left)]);
    } finally {
      end();
      await working;
      await consumer.disconnect().catch(() => undefined);
    }
  }
}

/** Resolves when the signal is aborted, rejects when the consumer gave up. */
function whenOver(consumer: Consumer, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    consumer.on('consumer.crash', ({ payload }) => {
      if (!payload.restart) reject(payload.error);
    });
  });
}
