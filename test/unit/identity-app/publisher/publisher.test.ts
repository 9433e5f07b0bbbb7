import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { publicEventsOf, type PublicEvent } from '#libs/events/public-events.js';
import type { Clock } from '#libs/runtime/clock.js';
import { createLogger } from '#libs/runtime/log.js';
import { createRegistry } from '#libs/runtime/metrics.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { addPublisherMetrics } from '#services/identity/app/metrics.js';
import { PublisherMeter } from '#services/identity/app/publisher/publisher-meter.js';
import { Publisher } from '#services/identity/app/publisher/publisher.js';
import { resumeAfter, standOf } from '#services/identity/app/publisher/topic-stand.js';
import type { FeedStep } from '#services/identity/app/subscriptions/feed-entry.js';
import { randomOf, SimulatedTopics } from './simulated-topics.js';

const log = createLogger({ service: 'test', level: 'silent' });
const header = {} as FeedStep['entries'][number]['header'];

/** Pauses last no time, and everybody else has a turn in them. */
const hasty: Clock = {
  wallMs: () => 0,
  monotonicMs: () => 0,
  after: (_, then) => {
    const timer = setImmediate(then);
    return () => clearImmediate(timer);
  },
};

function eventsAt(position: number, epoch = 1): PublicEvent[] {
  const principal = `p${position % 17}`;
  const grant = {
    grant: `g${position}`,
    subjectKind: 'PRINCIPAL',
    subject: principal,
    role: 'r',
    resourcePrefix: '',
    admin: false,
  } as const;
  const kinds: readonly DomainEvent[] = [
    { type: 'RoleGranted', ...grant },
    { type: 'GrantRevoked', ...grant, cause: 'ADMIN' },
    { type: 'PrincipalResumed', principal, admin: false },
    { type: 'ProfileChanged', principal, profile: undefined },
  ];
  const events = kinds.slice(position % 3).map((event) => ({ known: true, event }) as const);
  const payload = {
    tenant: 't',
    actor: { tenant: 't', principal: 'a' },
    command: 'C',
    commandId: '',
    requestDigest: '',
    reason: '',
    traceparent: '',
    events,
  };
  return publicEventsOf(payload, { ledger: 'L', position, atMs: position, epoch });
}

interface World {
  readonly end: number;
  readonly epoch?: number;
  readonly openedAt?: number;
}

function publisherOf(topics: SimulatedTopics, world: World, killed: () => boolean) {
  const { end, epoch = 1, openedAt = -1 } = world;
  const random = randomOf(end);
  return new Publisher({
    session: {
      requireServing: () => {},
      fold: { view: { epoch, openedAt }, cluster: { clusterId: 'c' } },
    },
    feed: {
      ledger: 'L',
      reaches: () => Promise.resolve(true),
      async *follow(after, signal) {
        for (let at = after; !signal.aborted;) {
          const through = Math.min(end, at + 1 + Math.floor(random() * 60));
          const entries = [];
          for (let position = at + 1; position <= through; position += 1) {
            const of = position >= openedAt ? epoch : 1;
            entries.push({ position, header, events: eventsAt(position, of) });
          }
          at = through;
          yield { entries, through, atEnd: through === end };
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
    },
    outlet: topics.outlet(killed),
    format: 'protobuf',
    nameOf: (topic) => topic,
    meter: new PublisherMeter(),
    clock: hasty,
    log,
  });
}

/** First appearances of each partition: their positions, and how many there are. */
function firstAppearances(topics: SimulatedTopics): {
  readonly ids: Set<string>;
  inOrder: boolean;
} {
  const ids = new Set<string>();
  let inOrder = true;
  for (const [name, messages] of topics.messages) {
    const topic = name.split('/')[0] ?? '';
    let last = -1;
    for (const { headers } of messages) {
      const address = `${topic} ${headers['ce_id']}`;
      if (ids.has(address)) continue;
      ids.add(address);
      const position = Number(headers['ce_position']);
      inOrder &&= position >= last;
      last = position;
    }
  }
  return { ids, inOrder };
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** One run until somebody kills it, with all that is in flight. */
async function runUntilKilled(topics: SimulatedTopics, world: World, after: number) {
  const stop = new AbortController();
  const running = publisherOf(topics, world, () => stop.signal.aborted).run(stop.signal);
  await turns(after);
  stop.abort();
  await running;
}

describe('publisher', () => {
  it.each([1, 2])('of 200 that are killed, two at a time, lose nothing (%i)', async (seed) => {
    const random = randomOf(seed);
    const topics = new SimulatedTopics(random);
    const world = { end: 1_500 };
    for (let kills = 0; kills < 200; kills += 2) {
      await Promise.all([0, 1].map(() => runUntilKilled(topics, world, Math.floor(random() * 40))));
    }
    topics.faults = false;
    await runUntilKilled(topics, world, 2_000);
    const { ids, inOrder } = firstAppearances(topics);
    expect(topics.failures).toBeGreaterThan(20);
    expect(inOrder).toBe(true);
    let wanted = 0;
    for (let at = 0; at <= world.end; at += 1) {
      for (const { type } of eventsAt(at)) wanted += type === 'GrantRevoked' ? 2 : 1;
    }
    expect(ids.size).toBe(wanted);
  });

  it('tells again, under other ids, what a restore has put in place of what was published', async () => {
    const topics = new SimulatedTopics(randomOf(9));
    topics.faults = false;
    await runUntilKilled(topics, { end: 400 }, 300);
    await runUntilKilled(topics, { end: 350, epoch: 2, openedAt: 300 }, 300);
    const { ids } = firstAppearances(topics);
    const some = ['role L:297:0', 'role L:399:0', 'role L:300:0:2', 'role L:348:0:2'];
    expect(some.filter((id) => !ids.has(id))).toEqual([]);
    expect([...ids].filter((id) => / L:(?:29\d|2[0-8]\d):\d:2$/u.test(id))).toEqual([]);
  });
});

describe('stand of a topic', () => {
  const told = (through: number, epoch = 1) => ({
    headers: { ce_publishedthrough: String(through), ce_epoch: String(epoch) },
  });

  it('is the highest claim of its partitions; what others wrote claims nothing', () => {
    expect(standOf([], 'L')).toEqual({ through: -1, epoch: 1 });
    const strange = { headers: { ce_publishedthrough: 'x', ce_epoch: '1' } };
    const tails = [told(7), { headers: undefined }, told(9), strange, { headers: {} }];
    expect(standOf(tails, 'L')).toEqual({ through: 9, epoch: 1 });
    expect(standOf([told(90), told(4, 2)], 'L')).toEqual({ through: 4, epoch: 2 });
  });

  it('is told by messages of the other ledger, too, and is never taken for its', () => {
    const ofS = (through: number, beside?: string) => {
      const { headers } = told(through);
      const more = beside === undefined ? {} : { ce_publishedbeside: beside };
      return { headers: { ...headers, ce_ledger: 'S', ...more } };
    };
    const tails = [told(7), ofS(500, 'L:40:1'), ofS(700)];
    expect(standOf(tails, 'L')).toEqual({ through: 40, epoch: 1 });
    expect(standOf(tails, 'S')).toEqual({ through: 700, epoch: 1 });
    expect(standOf([ofS(500)], 'L')).toEqual({ through: -1, epoch: 1 });
    expect(standOf([ofS(500, 'L:x:1'), ofS(1, 'other:9:1')], 'L').through).toBe(-1);
  });

  it('of an older epoch goes on behind the copy; of a later one, nowhere', () => {
    const opened = { epoch: 3, openedAt: 50 };
    expect(resumeAfter({ through: 70, epoch: 3 }, opened)).toBe(70);
    expect(resumeAfter({ through: 70, epoch: 2 }, opened)).toBe(49);
    expect(resumeAfter({ through: 20, epoch: 2 }, opened)).toBe(20);
    expect(resumeAfter({ through: 20, epoch: 1 }, opened)).toBe(-1);
    expect(resumeAfter({ through: 20, epoch: 4 }, opened)).toBe(undefined);
  });
});

describe('metrics of the publisher', () => {
  it('are those in docs/operations.md', async () => {
    const registry = createRegistry('identity');
    const meters = { L: new PublisherMeter(), S: new PublisherMeter() };
    addPublisherMetrics(registry, {} as IdentityParts, meters);
    const own = registry.getMetricsAsArray().map(({ name }) => name);
    const page = readFileSync(new URL('../../../../docs/operations.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `(ledgate_publisher_\w+)` \| identity, on Kafka \|/gmu)];
    const documented = rows.map(([, name = '']) => name);
    const publisher = own.filter((name) => name.startsWith('ledgate_publisher_'));
    expect(publisher.toSorted()).toEqual(documented.toSorted());
  });
});
