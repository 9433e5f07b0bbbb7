import kafkajs, { type Kafka } from 'kafkajs';
import { resolveSettings, type KafkaSettings } from '#libs/ledger/kafka/kafka-settings.js';

/**
 * kafkajs' own client, for what needs no deadlines of ours: topics, the lease and the public topics.
 * Never for the ledger.
 */
export function kafkaClient(settings: KafkaSettings): Kafka {
  const { brokers, ssl, sasl, clientId, requestTimeoutMs } = resolveSettings(settings);
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: requestTimeoutMs,
    reauthenticationThreshold: requestTimeoutMs,
    retry: { retries: 3 },
    logLevel: kafkajs.logLevel.NOTHING,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
  });
}
