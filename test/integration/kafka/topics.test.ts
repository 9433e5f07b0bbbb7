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
    const [ledger, sessions, vault] = cell();
    if (!ledger || !sessions || !vault) throw new Error('a cell has three topics');
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
        topics: [ledger.topic, sessions.topic, vault.topic].map((topic) => ({
          topic,
          numPartitions: 2,
          configEntries,
        })),
      }),
    );
    const deviations = await checkTopics({ brokers }, [ledger, sessions, vault]);
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
    expect(settingsOf(sessions.topic)).toEqual(settingsOf(ledger.topic));
    expect(deviations).toContainEqual({
      topic: sessions.topic,
      setting: 'retention.ms',
      // 367 days, and 120 in which two checkpoints come also where nothing happens.
      expected: '-1, or at least 42076800000',
      actual: '604800000',
    });
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
