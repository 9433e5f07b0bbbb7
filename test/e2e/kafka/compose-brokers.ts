import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { kafkaJava } from '../../support/kafka/jars.js';
import { kafkaNode, nodeOutput, type KafkaNode } from '../../support/kafka/kafka-node.js';
import { freePorts } from '../../support/net/free-ports.js';

const run = promisify(execFile);

/** The variables of one broker's service, with paths that exist here. */
export type BrokerEnvironment = Readonly<Record<string, string>>;

/** The brokers of docker-compose.yml as processes: settings from the variables, other ports. */
export class ComposeBrokers {
  /** What the services are told: `host:port` of each. */
  readonly addresses: string[];
  readonly #nodes: readonly KafkaNode[];

  private constructor(addresses: string[], nodes: readonly KafkaNode[]) {
    this.addresses = addresses;
    this.#nodes = nodes;
  }

  /** Formats and starts one for each environment, below `folder`; `certs` proves who asks. */
  static async start(
    environments: readonly BrokerEnvironment[],
    folder: string,
    certs: string,
  ): Promise<ComposeBrokers> {
    const { java, args } = await kafkaJava();
    const port = await portsFor(environments.length);
    const nodes: KafkaNode[] = [];
    for (const [i, env] of environments.entries()) {
      const home = join(folder, `kafka-${i + 1}`);
      mkdirSync(home, { recursive: true });
      const file = join(home, 'server.properties');
      writeFileSync(file, settingsOf({ ...env, KAFKA_LOG_DIRS: join(home, 'logs') }, i + 1, port));
      const tool = ['kafka.tools.StorageTool', 'format', '-t', env['CLUSTER_ID'] ?? '', '-c', file];
      await run(java, [...args, ...tool]);
      const unused = {
        clientPort: 0,
        advertisedPort: 0,
        directPort: 0,
        controllerPort: 0,
        extra: {},
      };
      nodes.push(await kafkaNode({ ...unused, id: i + 1, folder: home }));
    }
    for (const node of nodes) node.start();
    const addresses = nodes.map((node) => `localhost:${port(node.id, 9092)}`);
    const brokers = new ComposeBrokers(addresses, nodes);
    try {
      await waitUntilReady(addresses, certs);
    } catch (error) {
      await brokers.stop();
      const output = nodeOutput(join(folder, 'kafka-1'));
      throw new Error(`the brokers are not ready: ${output}`, { cause: error });
    }
    return brokers;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.kill9()));
  }
}

type PortOf = (node: number, portInContainer: number) => number;

async function portsFor(nodes: number): Promise<PortOf> {
  const inContainer = [9092, 9093, 9094];
  const ports = await freePorts(nodes * inContainer.length);
  return (node, port) => ports[(node - 1) * inContainer.length + inContainer.indexOf(port)] ?? 0;
}

/** As the image does it: `KAFKA_NODE_ID` is `node.id`. */
function settingsOf(env: BrokerEnvironment, own: number, port: PortOf): string {
  return Object.entries(env)
    .filter(([name]) => name.startsWith('KAFKA_'))
    .map(([name, value]) => {
      const here = value
        .replaceAll(/kafka-(\d):(\d+)/g, (_, n, p) => `localhost:${port(Number(n), Number(p))}`)
        .replaceAll(/:\/\/:(\d+)/g, (_, p) => `://127.0.0.1:${port(own, Number(p))}`);
      return `${name.slice('KAFKA_'.length).toLowerCase().replaceAll('_', '.')}=${here}\n`;
    })
    .join('');
}

async function waitUntilReady(brokers: string[], certs: string): Promise<void> {
  const pem = (name: string): string => readFileSync(join(certs, name), 'utf8');
  const ssl = { ca: pem('ca.pem'), cert: pem('service.pem'), key: pem('service-key.pem') };
  const kafka = new Kafka({ brokers, ssl, logLevel: logLevel.NOTHING, retry: { retries: 0 } });
  for (let tries = 0; tries < 200; tries += 1) {
    const seen = await brokersSeenBy(kafka).catch(() => 0);
    if (seen === brokers.length) return;
    await sleep(200);
  }
  throw new Error('nobody sees all brokers');
}

async function brokersSeenBy(kafka: Kafka): Promise<number> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length;
  } finally {
    await admin.disconnect();
  }
}
