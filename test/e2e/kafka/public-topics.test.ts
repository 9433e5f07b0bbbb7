import { execFile } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cloudEventType } from '#libs/events/cloud-event.js';
import { decodePublicEvent } from '#libs/events/public-event-codec.js';
import { publicEventId, topicsOf, type PublicEvent } from '#libs/events/public-events.js';
import { GroupServiceService as Groups } from '#proto/ledgate/identity/v1/group.js';
import { PublicCell } from '../../support/identity/public-cell.js';
import { setUpTenant } from '../../support/identity/tenant-setup.js';
import { describeOnKafka } from '../../support/kafka/describe-on-kafka.js';
import { kafkaToolsJava, whyNoTools } from '../../support/kafka/jars.js';
import { countMessages } from '../../support/kafka/read-topics.js';
import { findPython } from '../foreign-callers/find-python.js';

const run = promisify(execFile);
const found = findPython(['cloudevents.kafka', 'kafka']);
const script = fileURLToPath(new URL('read-cloud-events.py', import.meta.url));
const noTools = await whyNoTools();

describeOnKafka('public topics, read by consumers that are not ours', (brokers) => {
  let cell: PublicCell;
  let expected: ReadonlyMap<string, PublicEvent>;
  /** Messages: events that are in two topics count twice. */
  let count: number;

  beforeAll(async () => {
    cell = await PublicCell.create(brokers);
    const world = await cell.start({ founding: true, format: 'json' });
    const acme = await setUpTenant(world, 'acme');
    for (let at = 0; at < 30; at += 1) {
      const { groupId } = await world.call(Groups.createGroup, { name: `g-${at}` }, acme.admin);
      await world.call(Groups.deleteGroup, { groupId }, acme.admin);
    }
    const events = await cell.expected();
    expected = new Map(events.map((event) => [publicEventId(event), event]));
    count = events.reduce((sum, { type }) => sum + topicsOf(type).length, 0);
    while ((await countMessages(brokers, cell.topics)) < count) await pause(200);
  });
  afterAll(() => cell.close());

  /** Each id once in each topic, positions in order within each partition. */
  function expectOrder(lines: readonly { where: string; id: string; position: number }[]): void {
    const ids = new Set(lines.map(({ where, id }) => `${where.split('/')[0]} ${id}`));
    expect(ids.size).toBe(count);
    expect(lines).toHaveLength(count);
    expect(new Set(lines.map(({ id }) => id))).toEqual(new Set(expected.keys()));
    const last = new Map<string, number>();
    for (const { where, position } of lines) {
      expect(position).toBeGreaterThanOrEqual(last.get(where) ?? -1);
      last.set(where, position);
    }
    expect(last.size).toBeGreaterThan(2);
  }

  it.skipIf('why' in found)("Python's CloudEvents SDK understands every message", async () => {
    const python = 'python' in found ? found.python : '';
    const args = [script, brokers.join(','), String(count), ...cell.topics];
    const { stdout } = await run(python, args, { maxBuffer: 64 << 20 });
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    expectOrder(lines.map((line) => ({ ...line, position: Number(line.position) })));
    for (const { id, type, source, time, data, subject, partitionkey, specversion } of lines) {
      const event = expected.get(id);
      if (event === undefined) throw new Error(`${id} is not in the ledger`);
      expect(specversion).toBe('1.0');
      expect(type).toBe(cloudEventType(event.type));
      expect(source).toMatch(new RegExp(`^/ledgate/[^/]+/${event.ledger}$`, 'u'));
      expect(Date.parse(time)).toBe(event.atMs);
      expect(subject).toBe(partitionkey);
      const bytes = Buffer.from(JSON.stringify(data));
      expect(decodePublicEvent(bytes, 'application/json')).toEqual({ ok: true, value: event });
    }
  });

  it.skipIf(noTools !== undefined)(
    "Kafka's console consumer prints them with headers",
    async () => {
      const { java, args } = await kafkaToolsJava();
      const read = async (topic: string) => {
        const wanted = await countMessages(brokers, [topic]);
        const { stdout } = await run(
          java,
          [
            ...args,
            'org.apache.kafka.tools.consumer.ConsoleConsumer',
            '--bootstrap-server',
            brokers.join(','),
            '--topic',
            topic,
            '--from-beginning',
            '--max-messages',
            String(wanted),
            '--timeout-ms',
            '60000',
            ...printing.flatMap((name) => ['--formatter-property', `print.${name}=true`]),
          ],
          { maxBuffer: 64 << 20 },
        );
        return stdout
          .trim()
          .split('\n')
          .map((line) => printed(topic, line));
      };
      const lines = [];
      for (const topic of cell.topics) lines.push(...(await read(topic)));
      expect(lines).toHaveLength(count);
      expectOrder(lines);
    },
  );
});

const printing = ['headers', 'partition', 'key'];

interface Line {
  readonly where: string;
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly time: string;
  readonly subject: string;
  readonly partitionkey: string;
  readonly specversion: string;
  readonly position: string;
  readonly data: unknown;
}

/** `Partition:3 <tab> name:value,name:value <tab> key <tab> value` */
function printed(topic: string, line: string): { where: string; id: string; position: number } {
  const partition = /Partition:(\d+)/u.exec(line)?.[1];
  const id = /ce_id:([^,\t]+)/u.exec(line)?.[1] ?? '';
  const position = Number(/ce_position:(\d+)/u.exec(line)?.[1]);
  return { where: `${topic}/${partition}`, id, position };
}
