import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { killedSuite } from '../../support/authorizer/killed-suite.js';
import { describeOnKafka } from '../../support/kafka/describe-on-kafka.js';
import { freshLedgerTopic } from '../../support/kafka/fresh-topic.js';

describeOnKafka('an authorizer that is killed, over both ledgers', (brokers) => {
  killedSuite('Kafka', async () => {
    const prefix = `killed-${randomUUID()}`;
    const dataDir = mkdtempSync(join(tmpdir(), 'ledgate-killed-'));
    const open = async (kind: string) => {
      const topic = await freshLedgerTopic(brokers, `${prefix}.${kind}.v1`);
      return openKafkaLog({ brokers, topic, onTrouble: () => {} });
    };
    const [log, sessionLog] = [await open('ledger'), await open('session')];
    return {
      log,
      sessionLog,
      args: [dataDir, brokers.join(','), prefix],
      close: async () => {
        await log.close();
        await sessionLog.close();
        rmSync(dataDir, { recursive: true, force: true });
      },
    };
  });
});
