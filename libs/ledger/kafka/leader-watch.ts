import { BrokerLink } from '#libs/ledger/kafka/broker-link.js';
import type { ResolvedKafkaSettings } from '#libs/ledger/kafka/kafka-settings.js';
import type { PartitionLeader, TopicMetadata } from '#libs/ledger/kafka/topic-metadata.js';
import { topicMetadataCall } from '#libs/ledger/kafka/topic-metadata.js';

/** How often each configured broker is asked who leads. */
const ASK_EVERY_MS = 2_000;
/** Longest wait for one broker's answer: a paused one must not hold up the others for long. */
const ANSWER_MS = 1_500;

interface Answer {
  /** `Clock.monotonicMs` when the request was sent. */
  readonly askedAtMs: number;
  readonly metadata: TopicMetadata;
}

/** One configured broker: its connection and its last answer. */
interface Voice {
  readonly address: string;
  link: BrokerLink | undefined;
  asking: Promise<void> | undefined;
  answer: Answer | undefined;
  /** Why the last question got no answer. */
  failure: unknown;
}

/**
 * Asks every configured broker, on a connection of its own, who leads the topic: to find the leader
 * and to know since when a majority has agreed on it. A broker that was cut off from the others
 * goes on answering fetches for ever; only the others can tell that it leads no more.
 */
export class LeaderWatch {
  readonly topic: string;
  readonly #settings: ResolvedKafkaSettings;
  readonly #voices: readonly Voice[];
  #cancelNext: (() => void) | undefined;
  #closed = false;

  constructor(settings: ResolvedKafkaSettings, topic: string) {
    this.topic = topic;
    this.#settings = settings;
    this.#voices = settings.brokers.map((address) => ({
      address,
      link: undefined,
      asking: undefined,
      answer: undefined,
      failure: undefined,
    }));
  }

  /** Asks now. Resolves once a majority, or all that can, have answered; rejects without a leader. */
  async find(): Promise<PartitionLeader> {
    if (this.#closed) throw new Error('the connection is closed');
    this.#startAsking();
    const startedAtMs = this.#settings.clock.monotonicMs();
    const fresh = await this.#firstMajority(startedAtMs);
    const leader = newest(fresh);
    if (leader !== undefined) return leader;
    if (fresh.length === 0) {
      const message = `no broker answers (${this.#settings.brokers.join(', ')})`;
      throw new AggregateError(
        this.#voices.map(({ failure }) => failure),
        message,
      );
    }
    const missing = fresh.every(({ metadata }) => !metadata.exists);
    throw new Error(`topic ${this.topic} ${missing ? 'does not exist' : 'has no leader'}`);
  }

  /** False once a newer answer names another leader, another epoch or another topic. */
  stillLeads(leader: PartitionLeader): boolean {
    const known = newest(this.#answers());
    if (known === undefined || known.topicId !== leader.topicId) return known === undefined;
    return known.epoch < leader.epoch || sameLeader(known, leader);
  }

  /** Id of the topic by the newest answer. */
  topicId(): string | undefined {
    return newest(this.#answers())?.topicId;
  }

  /**
   * `Clock.monotonicMs` of the last time a majority named this leader; -Infinity where none has. A
   * single configured broker has nobody to contradict it: then it is the time of the fetch.
   */
  confirmedAtMs(leader: PartitionLeader, fetchedAtMs: number): number {
    if (this.#voices.length === 1) return fetchedAtMs;
    const agreed = this.#answers()
      .flatMap(({ askedAtMs, metadata }) => {
        const named = metadata.leader;
        return named !== undefined && sameLeader(named, leader) ? [askedAtMs] : [];
      })
      .toSorted((a, b) => b - a);
    return agreed[this.#majority() - 1] ?? Number.NEGATIVE_INFINITY;
  }

  close(): void {
    this.#closed = true;
    this.#cancelNext?.();
    for (const { link } of this.#voices) link?.destroy(new Error('closed'));
  }

  #answers(): Answer[] {
    return this.#voices.flatMap(({ answer }) => (answer === undefined ? [] : [answer]));
  }

  #majority(): number {
    return Math.floor(this.#voices.length / 2) + 1;
  }

  #startAsking(): void {
    if (this.#cancelNext !== undefined) return;
    const askAgain = (): void => {
      this.#cancelNext = this.#settings.clock.after(ASK_EVERY_MS, () => {
        for (const voice of this.#voices) void this.#ask(voice);
        askAgain();
      });
    };
    askAgain();
  }

  #firstMajority(startedAtMs: number): Promise<Answer[]> {
    return new Promise((resolve) => {
      let open = this.#voices.length;
      const fresh = new Map<Voice, Answer>();
      for (const voice of this.#voices) {
        void this.#askSince(voice, startedAtMs).then((answer) => {
          open -= 1;
          if (answer !== undefined) fresh.set(voice, answer);
          if (fresh.size >= this.#majority() || open === 0) resolve([...fresh.values()]);
        });
      }
    });
  }

  /** An answer to a question that was asked no earlier than `sinceMs`. */
  async #askSince(voice: Voice, sinceMs: number): Promise<Answer | undefined> {
    if (voice.asking !== undefined) await voice.asking;
    await this.#ask(voice);
    const answered = voice.answer !== undefined && voice.answer.askedAtMs >= sinceMs;
    return answered ? voice.answer : undefined;
  }

  #ask(voice: Voice): Promise<void> {
    voice.asking ??= this.#askNow(voice).finally(() => {
      voice.asking = undefined;
    });
    return voice.asking;
  }

  async #askNow(voice: Voice): Promise<void> {
    const { clock, onTrouble } = this.#settings;
    if (this.#closed) return;
    try {
      const link = this.#linkOf(voice);
      await link.connect(ANSWER_MS);
      const askedAtMs = clock.monotonicMs();
      const metadata = await link.send(topicMetadataCall(this.topic), ANSWER_MS);
      voice.answer = { askedAtMs, metadata };
    } catch (cause) {
      voice.failure = cause;
      voice.link?.destroy(cause as Error);
      if (this.#closed) return;
      const message = `no metadata from ${voice.address}`;
      onTrouble({ part: 'metadata', topic: this.topic, message, cause });
    }
  }

  #linkOf(voice: Voice): BrokerLink {
    if (voice.link?.usable === true) return voice.link;
    voice.link?.destroy(new Error('replaced'));
    voice.link = new BrokerLink(this.#settings, voice.address);
    return voice.link;
  }
}

function sameLeader(a: PartitionLeader, b: PartitionLeader): boolean {
  return a.nodeId === b.nodeId && a.epoch === b.epoch && a.topicId === b.topicId;
}

/** The higher epoch counts; between different topics of one name, the later answer. */
function newest(answers: readonly Answer[]): PartitionLeader | undefined {
  return answers
    .toSorted((a, b) => a.askedAtMs - b.askedAtMs)
    .map(({ metadata }) => metadata.leader)
    .reduce((best, leader) => {
      if (leader === undefined || best === undefined) return leader ?? best;
      return leader.topicId === best.topicId && leader.epoch < best.epoch ? best : leader;
    }, undefined);
}
