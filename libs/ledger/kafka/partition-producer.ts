import { AppendFailed } from '#libs/ledger/event-log.js';
import { errorCodeOf } from '#libs/ledger/kafka/broker-link.js';
import type { ResolvedKafkaSettings } from '#libs/ledger/kafka/kafka-settings.js';
import { LeaderLink } from '#libs/ledger/kafka/leader-link.js';
import type { LeaderWatch } from '#libs/ledger/kafka/leader-watch.js';
import type { NewEntry } from '#libs/ledger/kafka/partition-requests.js';
import { produceEntries } from '#libs/ledger/kafka/partition-requests.js';

/**
 * Errors that the leader answers with before it writes anything. Every other one may also stand for
 * entries that are in its log (NOT_LEADER_FOR_PARTITION is sent, too, when it lost the partition
 * while it waited for the other replicas): unknown.
 */
const NOTHING_WRITTEN: ReadonlySet<string> = new Set([
  'NOT_ENOUGH_REPLICAS',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
]);

/** Appends to the partition, on a connection of its own; says honestly what became of a failed one. */
export class PartitionProducer {
  readonly #settings: ResolvedKafkaSettings;
  readonly #watch: LeaderWatch;
  readonly #leader: LeaderLink;
  #closed = false;

  constructor(settings: ResolvedKafkaSettings, watch: LeaderWatch) {
    this.#settings = settings;
    this.#watch = watch;
    this.#leader = new LeaderLink(settings, watch);
  }

  /** Resolves with the offset of the first entry; rejects with AppendFailed. */
  async produce(entries: readonly NewEntry[]): Promise<number> {
    if (this.#closed) throw new AppendFailed('none', 'the log is closed');
    const { clock, requestTimeoutMs } = this.#settings;
    const deadlineMs = clock.monotonicMs() + requestTimeoutMs;
    let handedOver = false;
    try {
      const { link } = await this.#leader.get(requestTimeoutMs);
      return await produceEntries(link, this.#watch.topic, entries, {
        timeoutMs: deadlineMs - clock.monotonicMs(),
        onHandedOver: () => {
          handedOver = true;
        },
      });
    } catch (cause) {
      throw this.#failed(handedOver, cause as Error);
    }
  }

  close(): void {
    this.#closed = true;
    this.#leader.close();
  }

  #failed(handedOver: boolean, cause: Error): AppendFailed {
    const code = errorCodeOf(cause);
    const refused = code !== undefined && NOTHING_WRITTEN.has(code);
    if (!refused) this.#leader.drop(cause);
    const outcome = handedOver && !refused ? 'unknown' : 'none';
    const { topic } = this.#watch;
    if (!this.#closed) {
      const message = `an append failed, outcome ${outcome}`;
      this.#settings.onTrouble({ part: 'append', topic, message, cause });
    }
    return new AppendFailed(outcome, `append to ${topic} failed: ${cause.message}`, cause);
  }
}
