import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cloudEventType, contentTypes } from '#libs/events/cloud-event.js';
import { decodePublicEvent } from '#libs/events/public-event-codec.js';
import {
  publicEventId,
  publicTopicName,
  publicTopics,
  topicsOf,
  type PublicEvent,
} from '#libs/events/public-events.js';
import { PublicOutlet } from '#libs/ledger/kafka/public-outlet.js';
import { kafkaSettingsOf, macKeysOf, openLog } from '#libs/ledger/open-ledger.js';
import { GroupServiceService as Groups } from '#proto/ledgate/identity/v1/group.js';
import { rebuildTopics } from '#services/ledgate/operate/events/rebuild.js';
import { PublicCell } from '../../support/identity/public-cell.js';
import type { World } from '../../support/identity/running-identity.js';
import { setUpTenant } from '../../support/identity/tenant-setup.js';
import { describeOnKafka } from '../../support/kafka/describe-on-kafka.js';
import { readTopics, type TopicMessage } from '../../support/kafka/read-topics.js';

describeOnKafka('publisher', (brokers) => {
  let cell: PublicCell;

  beforeEach(async () => {
    cell = await PublicCell.create(brokers);
  });
  afterEach(() => cell.close());

  /** `<topic> <id>` of everything that has to be published. */
  function addressesOf(events: readonly PublicEvent[]): string[] {
    return publicTopics.flatMap((topic) =>
      events
        .filter(({ type }) => topicsOf(type).includes(topic))
        .map((event) => `${publicTopicName(cell.prefix, topic)} ${publicEventId(event)}`),
    );
  }

  async function published(): Promise<TopicMessage[]> {
    const wanted = new Set(addressesOf(await cell.expected()));
    for (;;) {
      const messages = await readTopics(brokers, cell.topics);
      const seen = new Set(messages.map(({ topic, headers }) => `${topic} ${headers['ce_id']}`));
      if ([...wanted].every((address) => seen.has(address))) return messages;
      await pause(200);
    }
  }

  async function createGroups(world: World, bearer: string, name: string, count: number) {
    for (let at = 0; at < count; at += 1) {
      await world.call(Groups.createGroup, { name: `${name}-${at}` }, bearer);
    }
  }

  it('publishes what counts, each event to its topics, in order, and goes on elsewhere', async () => {
    const one = await cell.start({ founding: true });
    const two = await cell.start({ format: 'json' });
    const acme = await setUpTenant(one, 'acme');
    await createGroups(one, acme.admin, 'first', 20);
    await published();
    await one.close();
    await createGroups(two, acme.admin, 'second', 20);
    await published();
    const three = await cell.start();
    await two.close();
    await createGroups(three, acme.admin, 'third', 20);
    const messages = await published();
    const wanted = addressesOf(await cell.expected());
    const seen = new Set(messages.map(({ topic, headers }) => `${topic} ${headers['ce_id']}`));
    expect([...seen].toSorted()).toEqual(wanted.toSorted());
    inOrder(messages);
    await sameAsTheLedger(messages);
  });

  it('publishes a topic again on request: the same events, and nothing else', async () => {
    const world = await cell.start({ founding: true });
    const before = await published();
    await world.close();
    const place = cell.config('', undefined);
    const log = openLog(place, () => {});
    const outlet = new PublicOutlet(kafkaSettingsOf(place));
    const rebuilt = await rebuildTopics({
      log,
      macKeys: macKeysOf(place),
      outlet,
      format: 'protobuf',
      topics: ['credential'],
      nameOf: (topic) => publicTopicName(cell.prefix, topic),
      onProgress: () => {},
    });
    await outlet.close();
    await log.close();
    const after = await published();
    const name = publicTopicName(cell.prefix, 'credential');
    const credentials = before.filter(({ topic }) => topic === name);
    expect(rebuilt.published).toBe(credentials.length);
    expect(after).toHaveLength(before.length + credentials.length);
    expect(countsById(after, name)).toEqual(new Set([2]));
    inOrder(after);
  });

  function countsById(messages: readonly TopicMessage[], name: string): Set<number> {
    const counts = new Map<string, number>();
    for (const { topic, headers } of messages) {
      const id = headers['ce_id'] ?? '';
      if (topic === name) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    return new Set(counts.values());
  }

  /** Repeats aside, positions rise in each partition. */
  function inOrder(messages: readonly TopicMessage[]): void {
    const highest = new Map<string, number>();
    const seen = new Set<string>();
    for (const { topic, partition, headers } of messages) {
      const address = `${topic}/${partition}`;
      const once = `${address} ${headers['ce_id']}`;
      if (seen.has(once)) continue;
      seen.add(once);
      const position = Number(headers['ce_position']);
      expect(position).toBeGreaterThanOrEqual(highest.get(address) ?? -1);
      highest.set(address, position);
    }
    expect(highest.size).toBeGreaterThan(1);
  }

  async function sameAsTheLedger(messages: readonly TopicMessage[]): Promise<void> {
    const events = new Map((await cell.expected()).map((event) => [publicEventId(event), event]));
    const formats = new Set<string>();
    for (const { headers, value, key } of messages) {
      const event = events.get(headers['ce_id'] ?? '');
      if (event === undefined) throw new Error(`${headers['ce_id']} is not in the ledger`);
      const contentType = headers['content-type'] ?? '';
      formats.add(contentType);
      expect(decodePublicEvent(value, contentType)).toEqual({ ok: true, value: event });
      expect(headers).toMatchObject({
        ce_type: cloudEventType(event.type),
        ce_specversion: '1.0',
        ce_partitionkey: key,
        ce_tenant: event.tenant,
      });
    }
    expect([...formats].toSorted()).toEqual(Object.values(contentTypes).toSorted());
  }
});
