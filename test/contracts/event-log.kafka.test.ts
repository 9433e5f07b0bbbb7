import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { describeOnKafka } from '../support/kafka/describe-on-kafka.js';
import {
  freshLedgerTopic,
  produceForeign,
  recreateLedgerTopic,
} from '../support/kafka/fresh-topic.js';
import type { LogUnderTest } from './event-log-contract.js';
import { eventLogContract } from './event-log-contract.js';
import { lateReaderContract } from './late-reader-contract.js';

describeOnKafka('on a real broker', (brokers) => {
  eventLogContract('Kafka', () => kafka(brokers), {
    disconnect: 'the shared broker is reached without a proxy; integration/kafka cuts connections',
  });
  lateReaderContract('Kafka', () => kafka(brokers));
});

async function kafka(brokers: readonly string[]): Promise<LogUnderTest> {
  const topic = await freshLedgerTopic(brokers);
  const opened: EventLog[] = [];
  const openLog = (): EventLog => {
    const log = openKafkaLog({ brokers, topic });
    opened.push(log);
    return log;
  };
  return {
    log: openLog(),
    openAnother: async () => openLog(),
    appendNull: () => produceForeign(brokers, topic, [null]),
    cut: () => recreateLedgerTopic(brokers, topic),
    close: async () => {
      for (const log of opened) await log.close();
    },
  };
}
