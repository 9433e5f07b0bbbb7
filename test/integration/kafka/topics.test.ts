import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { checkTopics, ensureTopics, topicSpecs } from '#libs/ledger/kafka/topics.js';
import { describeOnKafka } from '../../support/kafka/describe-on-kafka.js';
import { withAdmin } from '../../support/kafka/fresh-topic.js';

describeOnKafka('topics of a cell', (brokers) => {
  const cell = () => topicSpecs({ prefix: `test.${randomUUID()}`, replicationFactor: 1 });

  it('are reported while they do not exist, and are made as they must be, once', async () => {
    const specs = cell();
    const names = specs.map(({ topic }) => topic);
    const missing = await checkTopics({ brokers }, specs);
    expect(missing).toEqual(
      names.map((topic) => ({ topic, setting: 'exists', expected: 'true', actual: 'false' })),
    );
    expect(await ensureTopics({ brokers }, specs)).toEqual(names);
    expect(await checkTopics({ brokers }, specs)).toEqual([]);
    expect(await ensureTopics({ brokers }, specs)).toEqual([]);
  });

  it('each setting that would lose or reorder the ledger is reported', async () => {
    const [ledger, vault] = cell();
    if (ledger === undefined || vault === undefined) throw new Error('a cell has two topics');
    const wrong = {
      'cleanup.policy': 'delete',
      'retention.ms': '604800000',
      'message.timestamp.type': 'CreateTime',
      'max.message.bytes': '1048588',
      'unclean.leader.election.enable': 'true',
    };
    const configEntries = Object.entries(wrong).map(([name, value]) => ({ name, value }));
    await withAdmin(brokers, (admin) =>
      admin.createTopics({
        topics: [ledger.topic, vault.topic].map((topic) => ({
          topic,
          numPartitions: 2,
          configEntries,
        })),
      }),
    );
    const deviations = await checkTopics({ brokers }, [ledger, vault]);
    const settingsOf = (topic: string): string[] =>
      deviations.filter((one) => one.topic === topic).map(({ setting }) => setting);
    expect(settingsOf(ledger.topic)).toEqual([
      'partitions',
      'retention.ms',
      'message.timestamp.type',
      'max.message.bytes',
      'unclean.leader.election.enable',
    ]);
    expect(settingsOf(vault.topic)).toEqual([
      'partitions',
      'cleanup.policy',
      'max.compaction.lag.ms',
      'segment.ms',
      'delete.retention.ms',
      'max.message.bytes',
      'unclean.leader.election.enable',
    ]);
    expect(deviations).toContainEqual({
      topic: ledger.topic,
      setting: 'retention.ms',
      expected: '-1',
      actual: '604800000',
    });
  });

  it('a ledger on one replica is reported where three are expected', async () => {
    const prefix = `test.${randomUUID()}`;
    await ensureTopics({ brokers }, topicSpecs({ prefix, replicationFactor: 1 }));
    const deviations = await checkTopics({ brokers }, topicSpecs({ prefix, replicationFactor: 3 }));
    expect(new Set(deviations.map(({ setting }) => setting))).toEqual(
      new Set(['replication.factor', 'min.insync.replicas']),
    );
  });

  it('nothing is guessed when no broker answers', async () => {
    await expect(checkTopics({ brokers: ['127.0.0.1:9'] }, cell())).rejects.toThrow();
  });
});
