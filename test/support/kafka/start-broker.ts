import { startContainer } from './start-container.js';
import { startCluster } from './start-cluster.js';
import { kafkaSource } from './kafka-source.js';

/** One real broker. */
export interface KafkaBroker {
  /** What clients should be given: the address of the proxy, where there is one. */
  readonly bootstrap: string[];
  /** The broker itself, past any proxy. */
  readonly direct: string[];
  /** Absent where the broker is not a process of ours: somebody else's, or in a container. */
  readonly control?: BrokerControl;
  stop(): Promise<void>;
}

export interface BrokerControl {
  /** Where the broker listens for clients: the target of a proxy. */
  readonly port: number;
  pid(): number | undefined;
  /** SIGSTOP: connections stay open, nothing is answered. */
  pause(): void;
  resume(): void;
  kill9(): Promise<void>;
  /** Starts the killed or stopped broker again on its data and ports; returns when it answers. */
  restart(): Promise<void>;
}

/** The broker of `KAFKA_BROKERS`, else one in a container, else one from its jars. */
export async function startBroker(): Promise<KafkaBroker> {
  const source = await kafkaSource();
  switch (source.kind) {
    case 'given':
      return { bootstrap: source.brokers, direct: source.brokers, stop: () => Promise.resolve() };
    case 'container':
      return startContainer();
    case 'jars':
      return startControlledBroker();
    case 'none':
      throw new Error(source.why);
  }
}

export interface ControlledOptions {
  /** Default 1. All of them are paused, killed and started together. */
  readonly nodes?: number;
  readonly advertise?: number;
  readonly extra?: Readonly<Record<string, string>>;
}

/** Brokers from their jars, whatever else is there: for tests that pause, kill and cut. */
export async function startControlledBroker(
  options: ControlledOptions = {},
): Promise<KafkaBroker & { control: BrokerControl }> {
  const { nodes: count = 1, advertise, extra = {} } = options;
  const cluster = await startCluster({
    nodes: count,
    extra,
    ...(advertise === undefined ? {} : { advertise: [advertise] }),
  });
  const { nodes } = cluster;
  const [node] = nodes;
  if (node === undefined) throw new Error('a cluster has a node');
  return {
    bootstrap: cluster.bootstrap,
    direct: cluster.direct,
    control: {
      port: node.port,
      pid: () => node.pid(),
      pause: () => nodes.forEach((one) => one.pause()),
      resume: () => nodes.forEach((one) => one.resume()),
      kill9: async () => {
        await Promise.all(nodes.map((one) => one.kill9()));
      },
      restart: () => cluster.restart(),
    },
    stop: () => cluster.stop(),
  };
}
