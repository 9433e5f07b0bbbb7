import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithBrokerControl } from '../../support/kafka/describe-on-kafka.js';
import { ComposeStack } from './compose-stack.js';

/** Containers need an engine; the processes in them do not. */
describeWithBrokerControl('docker-compose.yml, as processes on three brokers', () => {
  let stack: ComposeStack;

  beforeAll(async () => {
    stack = await ComposeStack.create();
    for (const name of ['keys', 'certs']) stack.prepare(name);
    await stack.startBrokers();
    stack.prepare('init');
    for (const name of ['identity', 'authorizer-1', 'authorizer-2']) await stack.start(name);
  });
  afterAll(async () => {
    await stack?.stop();
  });

  it('founds a cell once: a second run changes neither keys nor certificates', () => {
    const paths = ['/secrets/master/key', '/secrets/authorizer/api-key', '/certs/ca.pem'];
    const before = paths.map((path) => stack.read(path));
    for (const name of ['keys', 'certs', 'init']) stack.prepare(name);
    expect(paths.map((path) => stack.read(path))).toEqual(before);
  });

  it.each([
    ['without TLS', () => ({})],
    ['without a certificate', () => ({ ssl: { ca: stack.read('/certs/ca.pem') } })],
  ])('the brokers refuse a client %s', async (_, security) => {
    const brokers = stack.brokerAddresses;
    const options = { connectionTimeout: 2000, requestTimeout: 2000, retry: { retries: 0 } };
    const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, ...options, ...security() });
    const admin = kafka.admin();
    await expect(admin.connect()).rejects.toThrow();
    await admin.disconnect();
  });

  it.each(['authorizer-1', 'authorizer-2'])('%s answers over TLS', (authorizer) => {
    const allowed = stack.operate(authorizer, 'check', 'ledgate.identity:list-groups');
    expect(allowed).toMatchObject({ status: 0 });
    const denied = stack.operate(authorizer, 'check', 'orders:read', 'orders/1');
    expect(denied).toMatchObject({ status: 1 });
  });

  it('a command at identity is known to both authorizers', () => {
    expect(stack.operate('authorizer-1', 'tenant', 'create', 'acme')).toMatchObject({ status: 0 });
    for (const authorizer of ['authorizer-1', 'authorizer-2']) {
      const { status, output } = stack.operate(
        authorizer,
        'check',
        '--full',
        'ledgate.identity:list-groups',
      );
      expect(`${status} ${output}`).toMatch(/^0 /);
    }
  });
});
