/** Where one KRaft node (broker and controller in one process) listens and keeps its data. */
export interface NodeAddresses {
  readonly id: number;
  /** For clients of the tests; the port they are told may be that of a proxy. */
  readonly clientPort: number;
  readonly advertisedPort: number;
  /** For the other brokers, and for tests that must bypass a proxy. */
  readonly directPort: number;
  readonly controllerPort: number;
  readonly folder: string;
  /** Settings of the broker that a test adds or replaces. */
  readonly extra: Readonly<Record<string, string>>;
}

const host = '127.0.0.1';

/** The text of `server.properties` for `node` in a cluster of `all`. */
export function nodeSettings(node: NodeAddresses, all: readonly NodeAddresses[]): string {
  const replicas = all.length;
  const majority = Math.floor(replicas / 2) + 1;
  const settings: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.bootstrap.servers': all.map((n) => `${host}:${n.controllerPort}`).join(','),
    listeners: [
      `CLIENT://${host}:${node.clientPort}`,
      `DIRECT://${host}:${node.directPort}`,
      `CONTROLLER://${host}:${node.controllerPort}`,
    ].join(','),
    'advertised.listeners': [
      `CLIENT://${host}:${node.advertisedPort}`,
      `DIRECT://${host}:${node.directPort}`,
    ].join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'DIRECT',
    'listener.security.protocol.map': 'CLIENT:PLAINTEXT,DIRECT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': `${node.folder}/logs`,
    'num.partitions': 1,
    'auto.create.topics.enable': 'false',
    'default.replication.factor': replicas,
    'min.insync.replicas': majority,
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': majority,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': majority,
    'group.initial.rebalance.delay.ms': 0,
    'log.cleaner.min.cleanable.ratio': 0.01,
    'num.network.threads': replicas === 1 ? 2 : 1,
    'num.io.threads': 2,
    ...failOverFast,
    ...node.extra,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/**
 * A dead or paused broker loses its leaderships within seconds instead of tens of them, and a
 * killed one may register again as soon.
 */
const failOverFast = {
  'replica.lag.time.max.ms': 3000,
  'broker.session.timeout.ms': 3000,
  'broker.heartbeat.interval.ms': 500,
  'controller.quorum.fetch.timeout.ms': 1500,
  'controller.quorum.election.timeout.ms': 800,
};
