import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithBrokerControl } from '../../support/kafka/describe-on-kafka.js';
import { startCluster, type KafkaCluster } from '../../support/kafka/start-cluster.js';
import { ComposeStack } from './compose-stack.js';

/** Containers need an engine; the processes in them do not. */
describeWithBrokerControl('docker-compose.yml, as processes on three brokers', () => {
  let cluster: KafkaCluster;
  let stack: ComposeStack;

  beforeAll(async () => {
    cluster = await startCluster();
    stack = await ComposeStack.over(cluster.bootstrap);
    for (const name of ['keys', 'certs', 'init']) stack.prepare(name);
    for (const name of ['identity', 'authorizer-1', 'authorizer-2']) await stack.start(name);
  });
  afterAll(async () => {
    await stack?.stop();
    await cluster?.stop();
  });

  it('founds a cell once: a second run changes neither keys nor certificates', () => {
    const paths = ['/secrets/master/key', '/secrets/authorizer/api-key', '/certs/ca.pem'];
    const before = paths.map((path) => stack.read(path));
    for (const name of ['keys', 'certs', 'init']) stack.prepare(name);
    expect(paths.map((path) => stack.read(path))).toEqual(before);
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
