import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cloudEventMessage } from '#libs/events/cloud-event.js';
import {
  publicEventId,
  publicTopicName,
  publicTopics,
  topicsOf,
  type PublicEvent,
  type PublicTopic,
} from '#libs/events/public-events.js';
import { PublicOutlet } from '#libs/ledger/kafka/public-outlet.js';
import type { StoredCheckpoint } from '#libs/subscriber/checkpoint.js';
import type { Poison, PoisonVerdict } from '#libs/subscriber/handlers.js';
import { kafkaSource } from '#libs/subscriber/kafka/kafka-source.js';
import type { Mark } from '#libs/subscriber/mark.js';
import type { Start } from '#libs/subscriber/start.js';
import { subscribe, type Subscription } from '#libs/subscriber/subscribe.js';
import { describeOnKafka } from '../../support/kafka/describe-on-kafka.js';
import { freshPublicTopics } from '../../support/kafka/public-topics.js';

const soon = { timeout: 60_000 };

function memory(): StoredCheckpoint {
  const marks = new Map<string, Mark>();
  return {
    kind: 'stored',
    load: (stream) => Promise.resolve(marks.get(stream)),
    save: (stream, mark) => Promise.resolve(void marks.set(stream, mark)),
  };
}

describeOnKafka('a subscriber to the public topics', (brokers) => {
  let prefix: string;
  let outlet: PublicOutlet;
  const running: Subscription[] = [];
  const kafka = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });

  beforeEach(async () => {
    prefix = `test.${randomUUID()}`;
    await freshPublicTopics(brokers, prefix);
    outlet = new PublicOutlet({ brokers });
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((subscription) => subscription.stop()));
    await outlet.close();
  });

  /** Revocations stand in two topics, grants in one. */
  function eventAt(position: number): PublicEvent {
    const head = {
      ledger: 'auth.ledger.v1',
      position,
      index: 0,
      epoch: 1,
      tenant: 'acme',
      actor: { tenant: 'acme', principal: '' },
      atMs: 1_000 + position,
      traceparent: '',
    };
    const grant = {
      grant: `g${position}`,
      subjectKind: 'PRINCIPAL',
      subject: `p${position % 7}`,
      role: 'r',
      resourcePrefix: '',
      admin: false,
    } as const;
    return position % 2 === 0
      ? { ...head, type: 'RoleGranted', ...grant, expiresAtMs: undefined }
      : { ...head, type: 'GrantRevoked', ...grant, cause: 'ADMIN' };
  }

  async function publish(from: number, to: number): Promise<string[]> {
    const events = Array.from({ length: to - from }, (_, i) => eventAt(from + i));
    for (const topic of publicTopics) await publishTo(topic, events);
    return events.map(publicEventId);
  }

  async function publishTo(topic: PublicTopic, events: readonly PublicEvent[]): Promise<void> {
    const options = { clusterId: 'c', format: 'protobuf', publishedThrough: -1 } as const;
    const messages = events
      .filter(({ type }) => topicsOf(type).includes(topic))
      .map((event) => cloudEventMessage(event, options));
    if (messages.length > 0) await outlet.publish(publicTopicName(prefix, topic), messages);
  }

  function follow(
    options: {
      group?: string;
      checkpoint?: StoredCheckpoint;
      start?: Start;
      onPoison?: (poison: Poison) => PoisonVerdict;
    } = {},
  ) {
    const { group, start = 'beginning', onPoison = () => 'stop' as const } = options;
    const source = kafkaSource({ kafka, prefix, ...(group === undefined ? {} : { group }) });
    const seen: string[] = [];
    const hear = (_: unknown, { id }: { id: string }): void => void seen.push(id);
    const on = { RoleGranted: hear, GrantRevoked: hear };
    const checkpoint = options.checkpoint ?? (group === undefined ? memory() : source.offsets);
    const subscription = subscribe({ source, checkpoint, start, on, onPoison });
    running.push(subscription);
    return { seen, subscription };
  }

  it('handles each event once, though it stands in two topics and comes again', async () => {
    const ids = await publish(0, 40);
    const { seen, subscription } = follow();
    await expect.poll(() => seen.length, soon).toBe(40);
    await publish(0, 40);
    const more = await publish(40, 50);
    await expect.poll(() => seen.length, soon).toBeGreaterThanOrEqual(50);
    expect(seen.toSorted()).toEqual([...ids, ...more].toSorted());
    expect(subscription.counts.repeats).toBeGreaterThan(0);
  });

  it('goes on behind the offsets that its group committed', async () => {
    await publish(0, 30);
    const group = `group-${randomUUID()}`;
    const first = follow({ group });
    await expect.poll(() => first.seen.length, soon).toBe(30);
    await first.subscription.stop();
    const more = await publish(30, 45);
    const second = follow({ group });
    await expect.poll(() => second.seen.length, soon).toBeGreaterThanOrEqual(15);
    expect(second.seen.toSorted()).toEqual(more.toSorted());
  });

  it('begins now, or behind a position', async () => {
    const ids = await publish(0, 20);
    const now = follow({ start: 'now' });
    const behind = follow({ start: { position: 14 } });
    await expect.poll(() => behind.seen.length, soon).toBe(5);
    await expect.poll(() => now.subscription.counts.reconnects, soon).toBe(0);
    const late = await publish(20, 21).then(async (more) => {
      await expect.poll(() => behind.seen.length, soon).toBe(6);
      return more;
    });
    expect(behind.seen.toSorted()).toEqual([...ids.slice(15), ...late].toSorted());
    expect(now.seen.every((id) => late.includes(id))).toBe(true);
  });

  it('tells of what it cannot read, and goes on behind it once told to', async () => {
    const [first] = await publish(0, 1);
    const headers = { ce_id: 'auth.ledger.v1:1:0', ce_type: 'ledgate.role.Unheard.v1' };
    const garbage = { key: 'p1', headers, value: Buffer.from('0affffffff', 'hex') };
    await outlet.publish(publicTopicName(prefix, 'role'), [garbage]);
    const [last] = await publish(2, 3);
    const poison: string[] = [];
    const { seen } = follow({
      onPoison: ({ id, why, read }) => {
        poison.push(`${id} ${why} ${read.ok ? '' : read.type}`);
        return 'skip';
      },
    });
    await expect.poll(() => seen.length, soon).toBe(2);
    await expect
      .poll(() => poison, soon)
      .toEqual(['auth.ledger.v1:1:0 UNDECODABLE ledgate.role.Unheard.v1']);
    expect(seen.toSorted()).toEqual([first, last]);
  });
});
