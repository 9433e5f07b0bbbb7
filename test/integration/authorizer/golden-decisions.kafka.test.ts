import { randomUUID } from 'node:crypto';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { goldenSuite } from '../../support/authorizer/golden-suite.js';
import { describeOnKafka } from '../../support/kafka/describe-on-kafka.js';
import { freshLedgerTopic } from '../../support/kafka/fresh-topic.js';

describeOnKafka('golden decisions', (brokers) => {
  goldenSuite(
    'over gRPC, Kafka',
    async (topicPrefix) => {
      const topic = await freshLedgerTopic(brokers, `${topicPrefix}.ledger.v1`);
      return openKafkaLog({ brokers, topic, idleMs: 100 });
    },
    () => `golden-${randomUUID()}`,
  );
});
