import { describe, expect, it } from 'vitest';
import { Failure } from '#libs/errors/failure.js';
import { keyHash } from '#libs/events/keys.js';
import type { PublicEvent } from '#libs/events/public-events.js';
import type { RecordHeader } from '#libs/ledger/record.js';
import { systemClock as clock } from '#libs/runtime/clock.js';
import type { FeedEntry, FeedStep } from '#services/identity/app/subscriptions/feed-entry.js';
import type { PublicFeed } from '#services/identity/app/subscriptions/public-feed.js';
import {
  tenantStream,
  type StreamQuestion,
} from '#services/identity/app/subscriptions/tenant-stream.js';

function entry(position: number, tenant: string, readable = true): FeedEntry {
  const header = { tenantHash: keyHash(tenant, 'tenant', tenant) } as RecordHeader;
  const event = { type: 'GrantRevoked', tenant, position, index: 0 } as PublicEvent;
  return { position, header, events: readable ? [event] : undefined };
}

function feedOf(steps: readonly FeedStep[], holds = true): PublicFeed {
  const feed: Partial<PublicFeed> = {
    position: 9,
    epochAt: () => 2,
    stillHolds: () => holds,
    reaches: () => Promise.resolve(true),
    async *follow() {
      yield* steps;
    },
  };
  return feed as PublicFeed;
}

const question: StreamQuestion = {
  tenant: 'a',
  permits: () => true,
  types: new Set(),
  start: { kind: 'beginning' },
  permit: () => undefined,
  signal: new AbortController().signal,
};

/** Positions of the events, and the reason with which it ended. */
async function told(feed: PublicFeed, change: Partial<StreamQuestion> = {}) {
  const positions: number[] = [];
  try {
    for await (const item of tenantStream(feed, clock, { ...question, ...change })) {
      if ('event' in item) positions.push(item.event.position);
    }
    return { positions, reason: undefined };
  } catch (error) {
    return { positions, reason: (error as Failure).reason };
  }
}
const step = (...entries: FeedEntry[]): FeedStep => ({ entries, through: 9, atEnd: true });

describe('what one subscriber is told', () => {
  it('stops before a record of its tenant that is not understood, and passes over those of others', async () => {
    const others = feedOf([step(entry(1, 'a'), entry(2, 'b', false), entry(3, 'a'))]);
    expect(await told(others)).toEqual({ positions: [1, 3], reason: undefined });
    const own = feedOf([step(entry(1, 'a'), entry(2, 'a', false), entry(3, 'a'))]);
    const stopped = { positions: [1], reason: 'NEEDS_NEWER_BUILD' };
    expect(await told(own)).toEqual(stopped);
    expect(await told(own, { tenant: undefined })).toEqual(stopped);
  });

  it('ends in the middle of a step once it may no longer read', async () => {
    let left = 3;
    const permit = (): void => {
      if (left-- === 0) throw new Failure('PERMISSION_DENIED', 'no');
    };
    const feed = feedOf([step(entry(1, 'a'), entry(2, 'a'), entry(3, 'a'))]);
    expect(await told(feed, { permit })).toEqual({ positions: [1], reason: 'PERMISSION_DENIED' });
  });

  it('of all tenants is told only of those in which it may subscribe', async () => {
    const feed = feedOf([step(entry(1, 'a'), entry(2, 'b'), entry(3, 'c'))]);
    const permits = (tenant: string): boolean => tenant !== 'b';
    const all = await told(feed, { tenant: undefined, permits });
    expect(all).toEqual({ positions: [1, 3], reason: undefined });
  });

  it('is not let go on from what a restore took away', async () => {
    const start = { kind: 'position', position: 5, epoch: 1 } as const;
    const feed = feedOf([step(entry(6, 'a'))], false);
    expect(await told(feed, { start })).toEqual({ positions: [], reason: 'DIVERGED' });
    const kept = feedOf([step(entry(6, 'a'))]);
    expect(await told(kept, { start })).toEqual({ positions: [6], reason: undefined });
  });
});
