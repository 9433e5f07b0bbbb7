import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { ledgerTopicSpec } from '#libs/ledger/kafka/topic-spec.js';
import { buildCli, runCli, type Ran } from '../../support/ledgate/built-cli.js';
import { describeOnKafka } from '../../support/kafka/describe-on-kafka.js';
import { countMessages } from '../../support/kafka/read-topics.js';

describeOnKafka('the command line on Kafka', (brokers) => {
  const folder = mkdtempSync(join(tmpdir(), 'ledgate-cli-kafka-'));
  const prefix = `cli-${randomBytes(4).toString('hex')}`;
  const topic = `${prefix}.ledger.v1`;
  const ledgerKey = randomBytes(32).toString('hex');
  const keys = join(folder, 'keys');
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();

  /** `ledgate …` for somebody who may read the ledger, and nothing else. */
  const ledgate = (line: string, env: Record<string, string> = {}): Promise<Ran> =>
    runCli(['--data', join(folder, 'data'), ...line.split(' ')], {
      env: { LEDGATE_TOPIC_PREFIX: prefix, LEDGATE_LEDGER_KEY: ledgerKey, ...env },
    });
  const asIdentity = {
    LEDGATE_LOG: 'kafka',
    LEDGATE_KAFKA_BROKERS: brokers.join(','),
    LEDGATE_MASTER_KEY: randomBytes(32).toString('hex'),
    LEDGATE_ISSUER: 'https://auth.example.org',
    LEDGATE_AUDIENCE: 'orders',
  };

  /** Gives the ledger's topic the settings that it must have, but this one. */
  async function spoil(name: string, value: string): Promise<void> {
    const { settings } = ledgerTopicSpec(topic, 1);
    const configEntries = settings.map((setting) => {
      return { name: setting.name, value: setting.name === name ? value : setting.value };
    });
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
    });
  }

  async function doctorOn(check: string) {
    const ran = await ledgate(`doctor --json --brokers ${brokers.join(',')}`);
    const findings = JSON.parse(ran.stdout) as { check: string; ok: string; result: string }[];
    return findings.find((finding) => finding.check === check);
  }

  beforeAll(async () => {
    buildCli();
    await admin.connect();
  });
  afterAll(async () => {
    await admin.disconnect();
    rmSync(folder, { recursive: true, force: true });
  });

  it('init founds a cell once, and keeps both keys where it is told to', async () => {
    const first = await ledgate(`init --out ${keys}`, asIdentity);
    expect([first.code, first.stdout]).toEqual([
      0,
      expect.stringContaining(`topic ${topic} created`),
    ]);
    const kept = ['bootstrap-api-key', 'authorizer-api-key'].map((name) => {
      return readFileSync(join(keys, name), 'utf8').trim();
    });
    for (const key of kept) expect(first.stdout).toContain(key);
    const second = await ledgate('init --json', asIdentity);
    expect([second.code, JSON.parse(second.stdout)]).toMatchObject([0, { founded: false }]);
  });

  it('verify, tail and doctor read the topic with the ledger key alone', async () => {
    const where = `--brokers ${brokers.join(',')}`;
    const verified = await ledgate(`verify --json ${where}`);
    expect([verified.code, JSON.parse(verified.stdout)]).toMatchObject([0, { findings: [] }]);
    const tail = await ledgate(`tail --once ${where}`);
    expect([tail.code, tail.stdout]).toEqual([0, expect.stringContaining('InitialiseSystem')]);
    for (const check of ['topics', 'public topics', 'ledger key', 'clocks']) {
      expect(await doctorOn(check)).toMatchObject({ ok: 'ok' });
    }
  });

  it('events rebuild fills the public topics from the ledger, one of them on request', async () => {
    const where = `--json --brokers ${brokers.join(',')}`;
    const rebuild = async (line: string) => {
      const ran = await ledgate(`events rebuild ${line} ${where}`);
      expect([ran.code, ran.stderr]).toEqual([0, '']);
      return JSON.parse(ran.stdout) as { published: number; topics: string };
    };
    const topics = ['credential', 'role', 'revocation'].map((name) => `${prefix}.${name}.v1`);
    const all = await rebuild('--topic all');
    expect(all.topics).toBe(topics.join(', '));
    expect(all.published).toBeGreaterThan(5);
    expect(await countMessages(brokers, topics)).toBe(all.published);
    const role = await rebuild('--topic role --format json');
    expect(role.topics).toBe(topics[1]);
    expect(await countMessages(brokers, topics)).toBe(all.published + role.published);
    const embedded = await ledgate('events rebuild --json');
    expect([embedded.code, embedded.stderr]).toEqual([2, expect.stringContaining('no ledger')]);
  });

  it('doctor finds a retention that would delete the ledger, and init refuses it', async () => {
    await spoil('retention.ms', '604800000');
    expect(await doctorOn('topics')).toMatchObject({
      ok: 'LOOK',
      result: `${topic}: retention.ms is 604800000, must be -1`,
    });
    const refused = await ledgate('init', asIdentity);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('retention.ms')]);
    await spoil('retention.ms', '-1');
    expect(await doctorOn('topics')).toMatchObject({ ok: 'ok' });
  });

  it('verify finds what somebody without the ledger key wrote', async () => {
    const log = openKafkaLog({ brokers, topic });
    const forged = Buffer.from((await log.read(1))?.value ?? new Uint8Array(0));
    forged.set(randomBytes(16), forged.length - 16);
    const position = await log.append([forged]);
    await log.close();
    const found = await ledgate(`verify --json --brokers ${brokers.join(',')}`);
    expect([found.code, JSON.parse(found.stdout)]).toMatchObject([1, { void: { mac: 1 } }]);
    expect(found.stdout).toContain(`position ${position}: written without the ledger key`);
  });
});
