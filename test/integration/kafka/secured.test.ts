import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '#libs/runtime/clock.js';
import { createDevCertificates } from '#libs/runtime/dev-certs.js';
import { systemRandom } from '#libs/runtime/ids.js';
import { BrokerLink } from '#libs/ledger/kafka/broker-link.js';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import type { KafkaSettings } from '#libs/ledger/kafka/kafka-settings.js';
import { ledgerTopicSpec } from '#libs/ledger/kafka/topic-spec.js';
import { resolveSettings } from '#libs/ledger/kafka/kafka-settings.js';
import { latestOffset } from '#libs/ledger/kafka/partition-requests.js';
import { checkTopics, ensureTopics } from '#libs/ledger/kafka/topics.js';
import { describeWithBrokerControl } from '../../support/kafka/describe-on-kafka.js';
import { freshLedgerTopic } from '../../support/kafka/fresh-topic.js';
import { startControlledBroker } from '../../support/kafka/start-broker.js';
import { AppendLoad, findings, nothingWrong } from './append-load.js';
import { TailFollower } from './tail-follower.js';

/** The broker ends a session after this time: clients must authenticate again. */
const SESSION_MS = 5_000;

const certificates = await createDevCertificates({
  clock: systemClock,
  random: systemRandom,
  hosts: ['127.0.0.1'],
  clients: ['identity'],
  days: 1,
});

describeWithBrokerControl('a broker that asks for TLS client certificates and a password', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledgate-kafka-tls-'));
  const identity = certificates.clients.get('identity');
  if (identity === undefined) throw new Error('no client certificate');
  const secured = {
    ssl: { ca: certificates.authority, cert: identity.certificate, key: identity.key },
    sasl: { mechanism: 'plain', username: 'ledgate', password: 'right' },
  } as const;
  let broker: Awaited<ReturnType<typeof startControlledBroker>>;
  beforeAll(async () => {
    const { server, authority } = certificates;
    writeFileSync(join(folder, 'server.pem'), server.key + server.certificate);
    writeFileSync(join(folder, 'authority.pem'), authority);
    const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
    const client = 'listener.name.client';
    broker = await startControlledBroker({
      extra: {
        'listener.security.protocol.map': 'CLIENT:SASL_SSL,DIRECT:PLAINTEXT,CONTROLLER:PLAINTEXT',
        [`${client}.ssl.keystore.type`]: 'PEM',
        [`${client}.ssl.keystore.location`]: join(folder, 'server.pem'),
        [`${client}.ssl.truststore.type`]: 'PEM',
        [`${client}.ssl.truststore.location`]: join(folder, 'authority.pem'),
        [`${client}.ssl.client.auth`]: 'required',
        [`${client}.sasl.enabled.mechanisms`]: 'PLAIN',
        [`${client}.plain.sasl.jaas.config`]: `${login} user_ledgate="right";`,
        [`${client}.connections.max.reauth.ms`]: String(SESSION_MS),
      },
    });
  });
  afterAll(async () => {
    await broker.stop();
    rmSync(folder, { recursive: true });
  });

  it('topics are made and checked', async () => {
    const settings = { brokers: broker.bootstrap, ...secured };
    const specs = [ledgerTopicSpec('test.secured', 1)];
    expect(await ensureTopics(settings, specs)).toEqual(['test.secured']);
    expect(await checkTopics(settings, specs)).toEqual([]);
  });

  it('L1 L3 appends and tails go on beyond the end of each session', async () => {
    const topic = await freshLedgerTopic(broker.direct);
    const log = openKafkaLog({ brokers: broker.bootstrap, topic, ...secured });
    const follower = new TailFollower(log);
    const load = new AppendLoad(log, 1);
    await sleep(3 * SESSION_MS);
    await load.stop();
    await expect.poll(() => follower.records.length).toBe(await log.end());
    await follower.stop();
    await log.close();
    expect(load.failures).toBe(0);
    expect(follower.reconnects).toBeGreaterThanOrEqual(3);
    expect(follower).toMatchObject({ gaps: [], error: undefined });
    expect(findings(load, follower.records)).toMatchObject(nothingWrong);
  });

  it('a request that was about to be sent when its session came near its end is still answered', async () => {
    const topic = await freshLedgerTopic(broker.direct);
    const settings = resolveSettings({ brokers: broker.bootstrap, ...secured });
    // The margin before the end of a session is the request timeout: here it has begun at once.
    const link = new BrokerLink(
      { ...settings, requestTimeoutMs: SESSION_MS + 1_000 },
      broker.bootstrap[0] ?? '',
    );
    await link.connect(SESSION_MS);
    expect(link.usable).toBe(false);
    expect(await latestOffset(link, topic, 1_000)).toBe(0);
    link.destroy(new Error('done'));
  });

  const wrong: readonly [string, Partial<KafkaSettings>][] = [
    ['the wrong password', { sasl: { ...secured.sasl, password: 'wrong' } }],
    ['no client certificate', { ssl: { ca: certificates.authority } }],
    ['an authority that did not sign the broker', { ssl: { ...secured.ssl, ca: [] } }],
    ['no TLS', { ssl: false }],
  ];
  it.each(wrong)('L2 with %s nothing is appended', async (_, settings) => {
    const topic = await freshLedgerTopic(broker.direct);
    const brokers = broker.bootstrap;
    const log = openKafkaLog({ brokers, topic, ...secured, ...settings });
    await expect(log.append([Buffer.from('x')])).rejects.toMatchObject({ outcome: 'none' });
    await expect(log.end()).rejects.toThrow();
    await log.close();
    const direct = openKafkaLog({ brokers: broker.direct, topic });
    expect(await direct.end()).toBe(0);
    await direct.close();
  });
});
