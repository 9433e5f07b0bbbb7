import { GenericContainer, Wait } from 'testcontainers';
import { freePort } from '../net/free-ports.js';
import type { KafkaBroker } from './start-broker.js';
import { waitUntilReady } from './wait-until-ready.js';

const image = 'apache/kafka-native:4.3.1';

/** A single broker in a container: quick to start, but no process that a test can pause or kill. */
export async function startContainer(): Promise<KafkaBroker> {
  const port = await freePort();
  const container = await new GenericContainer(image)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    })
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
  const bootstrap = [`127.0.0.1:${port}`];
  await waitUntilReady(bootstrap, 1);
  return { bootstrap, direct: bootstrap, stop: async () => void (await container.stop()) };
}
