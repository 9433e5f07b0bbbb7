import { Failure } from '#libs/errors/failure.js';
import { publicTopics, type PublicEvent, type PublicTopic } from '#libs/events/public-events.js';
import type { CloudEventMessage, PublicFormat, PublishedLedger } from '#libs/events/cloud-event.js';
import { sleep, type Clock } from '#libs/runtime/clock.js';
import type { Logger } from '#libs/runtime/log.js';
import type { PublicFeed } from '#services/identity/app/subscriptions/public-feed.js';
import type { FeedStep } from '#services/identity/app/subscriptions/feed-entry.js';
import { batchesOf } from './outgoing.js';
import type { PublisherMeter } from './publisher-meter.js';
import { resumeAfter, standOf, type Opened } from './topic-stand.js';

/** Where public events go. */
export interface Outlet {
  /** Headers of the last message of each partition. */
  tails(
    topic: string,
  ): Promise<readonly { readonly headers: Readonly<Record<string, string>> | undefined }[]>;
  /** Resolves once the messages are durable, in their order within each partition. */
  publish(topic: string, messages: readonly CloudEventMessage[]): Promise<void>;
}

/** What a publisher asks of a LedgerSession. */
export interface PublishedSession {
  /** Throws what keeps this instance from answering. */
  requireServing(): void;
  readonly fold: {
    readonly view: Opened;
    readonly cluster: { readonly clusterId: string } | undefined;
  };
}

export interface PublisherOptions {
  readonly session: PublishedSession;
  readonly feed: Pick<PublicFeed, 'follow' | 'reaches' | 'ledger'>;
  readonly outlet: Outlet;
  /** Those that events of this ledger go to; default: all. */
  readonly topics?: readonly PublicTopic[];
  /** Whether the cell has this ledger; default: yes. */
  readonly mayBegin?: () => boolean;
  /** How far the other ledger of the cell is; `undefined`: that is not known. */
  readonly beside?: () => PublishedLedger | undefined;
  readonly format: PublicFormat;
  /** Full name of a public topic. */
  readonly nameOf: (topic: PublicTopic) => string;
  readonly meter: PublisherMeter;
  readonly clock: Clock;
  readonly log: Logger;
}

const firstPauseMs = 500;
const longestPauseMs = 60_000;

/**
 * Copies public events from the ledger into the public topics: in the order of positions, at least
 * once, nothing that does not count. It keeps nothing: each session begins where the topics end, so it
 * may be killed at any moment, and two that run at once only repeat each other. What is published of a
 * position was preceded by everything before it, so the first appearance of each event in a partition
 * is in order whoever publishes.
 */
export class Publisher {
  readonly #options: PublisherOptions;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  get #topics(): readonly PublicTopic[] {
    return this.#options.topics ?? publicTopics;
  }

  /** Publishes until `signal` is aborted; mends what fails by beginning again. */
  async run(signal: AbortSignal): Promise<void> {
    const { meter, clock, log } = this.#options;
    meter.leading = true;
    const { mayBegin = () => true } = this.#options;
    while (!mayBegin() && !signal.aborted) await sleep(clock, longestPauseMs, signal);
    let pauseMs = firstPauseMs;
    try {
      while (!signal.aborted) {
        try {
          const begun = clock.monotonicMs();
          await this.#session(signal).finally(() => {
            if (clock.monotonicMs() - begun > longestPauseMs) pauseMs = firstPauseMs;
          });
        } catch (error) {
          if (signal.aborted) break;
          meter.failures += 1;
          log.warn({ err: error }, 'public events are not published: trying again');
          await sleep(clock, pauseMs, signal);
          pauseMs = Math.min(longestPauseMs, pauseMs * 2);
        }
      }
    } finally {
      meter.leading = false;
    }
  }

  async #session(signal: AbortSignal): Promise<void> {
    const { feed, meter, log } = this.#options;
    const done = await this.#resume();
    const from = Math.min(...done.values());
    log.info({ from, topics: Object.fromEntries(done) }, 'publishing public events');
    meter.position = from;
    while (!(await feed.reaches(from))) if (signal.aborted) return;
    for await (const step of feed.follow(from, signal)) {
      if (signal.aborted) return;
      await this.#publish(eventsOf(step), done);
      meter.position = step.through;
    }
  }

  /** Up to which position each topic is complete. */
  async #resume(): Promise<Map<PublicTopic, number>> {
    const { outlet, nameOf, session, feed } = this.#options;
    session.requireServing();
    const opened = session.fold.view;
    const done = new Map<PublicTopic, number>();
    for (const topic of this.#topics) {
      const stand = standOf(await outlet.tails(nameOf(topic)), feed.ledger);
      const after = resumeAfter(stand, opened);
      if (after === undefined) {
        const text = `${nameOf(topic)} is of epoch ${stand.epoch}, the ledger of epoch ${opened.epoch}`;
        throw new Failure('MISCONFIGURED', `${text}: this is not the ledger in force`);
      }
      done.set(topic, after);
    }
    return done;
  }

  async #publish(
    events: readonly PublicEvent[],
    done: ReadonlyMap<PublicTopic, number>,
  ): Promise<void> {
    const { outlet, nameOf, meter, format, session, beside } = this.#options;
    const clusterId = session.fold.cluster?.clusterId ?? '';
    const outgoing = { clusterId, format, beside: beside?.() };
    for (const topic of this.#topics) {
      const after = done.get(topic) ?? -1;
      const fresh = events.filter(({ position }) => position > after);
      for (const batch of batchesOf(topic, fresh, outgoing)) {
        await outlet.publish(nameOf(topic), batch);
        meter.add(topic, batch.length);
      }
    }
  }
}

/** Throws NEEDS_NEWER_BUILD at a record that is not understood: it must not be passed over. */
function eventsOf({ entries }: FeedStep): PublicEvent[] {
  return entries.flatMap(({ events, position }) => {
    if (events !== undefined) return [...events];
    const text = `position ${position} holds what this build does not understand`;
    throw new Failure('NEEDS_NEWER_BUILD', `${text}: what follows is not published`);
  });
}
