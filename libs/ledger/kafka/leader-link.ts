import { BrokerLink } from '#libs/ledger/kafka/broker-link.js';
import type { ResolvedKafkaSettings } from '#libs/ledger/kafka/kafka-settings.js';
import type { LeaderWatch } from '#libs/ledger/kafka/leader-watch.js';
import type { PartitionLeader } from '#libs/ledger/kafka/topic-metadata.js';
import { within } from '#libs/ledger/kafka/within.js';

/** A connection and the leader that it goes to. */
export interface OpenLink {
  readonly link: BrokerLink;
  readonly leader: PartitionLeader;
}

/**
 * A connection of one purpose (appends, queries, one tail) to whoever leads the topic now. Opened
 * when asked for, and replaced when it broke or when the watch knows of another leader.
 */
export class LeaderLink {
  readonly #settings: ResolvedKafkaSettings;
  readonly #watch: LeaderWatch;
  #open: OpenLink | undefined;
  #opening: Promise<OpenLink> | undefined;
  #closed = false;

  constructor(settings: ResolvedKafkaSettings, watch: LeaderWatch) {
    this.#settings = settings;
    this.#watch = watch;
  }

  /** The connection, ready for requests. Rejects when there is none within `timeoutMs`. */
  async get(timeoutMs: number): Promise<OpenLink> {
    const open = this.#open;
    if (open !== undefined && open.link.usable && this.#watch.stillLeads(open.leader)) return open;
    this.#opening ??= this.#reopen().finally(() => {
      this.#opening = undefined;
    });
    return within(this.#settings.clock, timeoutMs, `leader of ${this.#watch.topic}`, this.#opening);
  }

  /** The connection of the last `get`, if any. */
  current(): BrokerLink | undefined {
    return this.#open?.link;
  }

  /** Gives up the connection; the next `get` opens another. */
  drop(fault: Error): void {
    this.#open?.link.destroy(fault);
    this.#open = undefined;
  }

  close(): void {
    this.#closed = true;
    this.drop(new Error('closed'));
  }

  async #reopen(): Promise<OpenLink> {
    this.drop(new Error('replaced'));
    const leader = await this.#watch.find();
    const link = new BrokerLink(this.#settings, leader.address);
    await link.connect(this.#settings.requestTimeoutMs);
    this.#open = { link, leader };
    if (this.#closed) this.drop(new Error('closed'));
    return { link, leader };
  }
}
