import { Failure } from '#libs/errors/failure.js';
import { keyHash } from '#libs/events/keys.js';
import type { PublicEvent } from '#libs/events/public-events.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { FeedEntry, FeedStep } from './feed-entry.js';
import type { PublicFeed } from './public-feed.js';

/** Where a stream begins: after a position, or with what comes next. Epoch 0: not known. */
export type StreamStart =
  | { readonly kind: 'now' }
  | { readonly kind: 'beginning' }
  | { readonly kind: 'time'; readonly atMs: number }
  | { readonly kind: 'position'; readonly position: number; readonly epoch: number }
  /** Behind one event of a record: what follows it in the record comes first. */
  | {
      readonly kind: 'event';
      readonly position: number;
      readonly index: number;
      readonly epoch: number;
    };

export interface StreamQuestion {
  /** Only this tenant; undefined: all of which `permits` says yes. */
  readonly tenant: string | undefined;
  readonly permits: (tenant: string) => boolean;
  /** Only these types; empty: all of them. */
  readonly types: ReadonlySet<string>;
  readonly start: StreamStart;
  /** Throws once the caller may no longer read this. */
  readonly permit: () => void;
  readonly signal: AbortSignal;
}

/** An event, or how far the ledger was looked through without one. */
export type StreamItem =
  | { readonly event: PublicEvent }
  | { readonly through: number; readonly epoch: number; readonly atEnd: boolean };

/** So that a subscriber to rare events can move its checkpoint, ms. */
const progressMs = 2_000;
/** The same while the past is read: at least every so many positions. */
const progressPositions = 4_096;

/**
 * What one subscriber is told, in the order of the ledger. Begins with a progress item, which says
 * where it begins. The caller is judged before everything that it is sent.
 *
 * @throws Failure WRONG_STATE: begins behind the end of the ledger; NEEDS_NEWER_BUILD: a record of
 * the tenant is not understood here; what `permit` and the feed throw.
 */
export async function* tenantStream(
  feed: PublicFeed,
  clock: Clock,
  question: StreamQuestion,
): AsyncGenerator<StreamItem> {
  const { permit, signal } = question;
  permit();
  const { start } = question;
  const begin = await firstPosition(feed, start);
  let told = begin;
  let toldAtMs = clock.monotonicMs();
  yield { through: begin, epoch: feed.epochAt(begin), atEnd: false };
  const wanted = filterOf(question);
  let atEnd = false;
  for await (const step of feed.follow(begin, signal)) {
    permit();
    for (const event of eventsOf(step, wanted)) {
      if (start.kind === 'event' && isBehind(event, start)) continue;
      permit();
      yield { event };
      told = event.position;
      toldAtMs = clock.monotonicMs();
    }
    const due = clock.monotonicMs() - toldAtMs >= progressMs;
    const arrived = step.atEnd && !atEnd;
    atEnd = step.atEnd;
    if (!due && !arrived && step.through - told < progressPositions) continue;
    told = step.through;
    toldAtMs = clock.monotonicMs();
    yield { through: told, epoch: feed.epochAt(told), atEnd };
  }
}

async function firstPosition(feed: PublicFeed, start: StreamStart): Promise<number> {
  switch (start.kind) {
    case 'now':
      return feed.position;
    case 'beginning':
      return -1;
    case 'time':
      return feed.lastBefore(start.atMs);
    case 'event':
    case 'position':
      if (start.epoch > 0 && !feed.stillHolds(start.position, start.epoch)) {
        const text = `the ledger was restored: position ${start.position} of epoch ${start.epoch}`;
        throw new Failure('DIVERGED', `${text} is no longer what it holds there`);
      }
      if (await feed.reaches(start.position)) {
        return start.kind === 'event' ? start.position - 1 : start.position;
      }
      throw new Failure(
        'WRONG_STATE',
        `the ledger ends at position ${feed.position}, before ${start.position}: ` +
          'it was restored, or it is another one',
        { facts: { position: String(feed.position) } },
      );
  }
}

interface Wanted {
  readonly event: (event: PublicEvent) => boolean;
  /** Whether a record that is not understood may hold something wanted. */
  readonly record: (entry: FeedEntry) => boolean;
}

function filterOf({ tenant, types, permits }: StreamQuestion): Wanted {
  const hash = tenant === undefined ? undefined : keyHash(tenant, 'tenant', tenant);
  return {
    event: (event) =>
      (types.size === 0 || types.has(event.type)) &&
      (tenant === undefined ? permits(event.tenant) : event.tenant === tenant),
    record: ({ header }) => hash === undefined || Buffer.compare(hash, header.tenantHash) === 0,
  };
}

function* eventsOf({ entries }: FeedStep, wanted: Wanted): Generator<PublicEvent> {
  for (const entry of entries) {
    const { events, position } = entry;
    if (events === undefined) {
      if (!wanted.record(entry)) continue;
      const text = `position ${position} holds what this build does not understand`;
      throw new Failure('NEEDS_NEWER_BUILD', `${text}: ask an instance of a newer build`, {
        facts: { position: String(position) },
      });
    }
    for (const event of events) if (wanted.event(event)) yield event;
  }
}

function isBehind(event: PublicEvent, start: { position: number; index: number }): boolean {
  return event.position === start.position && event.index <= start.index;
}
