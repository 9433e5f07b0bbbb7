import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithBrokerControl } from '../../support/kafka/describe-on-kafka.js';
import { freshLedgerTopic, withAdmin } from '../../support/kafka/fresh-topic.js';
import { startCluster, type KafkaCluster } from '../../support/kafka/start-cluster.js';
import { LiveLedger, nothingWrong } from '../../support/ledger/live-ledger.js';

describeWithBrokerControl('two instances under contention on three brokers', () => {
  let cluster: KafkaCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  async function underLoad(): Promise<{ live: LiveLedger; topic: string }> {
    const { direct } = cluster;
    const topic = await freshLedgerTopic(direct);
    const live = new LiveLedger({ topic, brokers: direct, direct });
    await more(live, 100);
    return { live, topic };
  }

  async function more(live: LiveLedger, count: number): Promise<void> {
    const before = live.acknowledged;
    const timeout = 40_000;
    await expect.poll(() => live.acknowledged, { timeout }).toBeGreaterThan(before + count);
  }

  async function judge(live: LiveLedger): Promise<void> {
    await live.stop();
    expect(await live.judge()).toEqual(nothingWrong);
    expect(live.voids).toBeGreaterThan(0);
    await live.close();
  }

  it('the leader is moved, three times', async () => {
    const { live, topic } = await underLoad();
    const met = new Set<number>();
    for (let round = 0; round < 3; round += 1) {
      const leader = await cluster.leaderOf(topic);
      met.add(leader.id);
      const others = cluster.nodes.map(({ id }) => id).filter((id) => id !== leader.id);
      // Leaves the present leader out, then lets it follow again.
      for (const replicas of [others, [...others, leader.id]]) {
        await withAdmin(cluster.direct, (admin) =>
          admin.alterPartitionReassignments({
            topics: [{ topic, partitionAssignment: [{ partition: 0, replicas }] }],
          }),
        );
        const moved = async (): Promise<number> => (await cluster.leaderOf(topic)).id;
        await expect.poll(moved, { timeout: 20_000, interval: 200 }).not.toBe(leader.id);
        await more(live, 50);
      }
    }
    expect(met.size).toBeGreaterThan(1);
    await judge(live);
  });

  it('the leader is killed -9: another takes over', async () => {
    const { live, topic } = await underLoad();
    const leader = await cluster.leaderOf(topic);
    await leader.kill9();
    await more(live, 100);
    expect(await cluster.leaderOf(topic)).not.toBe(leader);
    await cluster.restart();
    await more(live, 100);
    expect(live.fences.length).toBeGreaterThanOrEqual(1);
    await judge(live);
  });

  it('the leader is paused: another takes over, and the old one comes back', async () => {
    const { live, topic } = await underLoad();
    const leader = await cluster.leaderOf(topic);
    const before = live.fences.length;
    leader.pause();
    const noticed = (): number => live.fences.length - before;
    await expect.poll(noticed, { timeout: 3_000 }).toBeGreaterThan(0);
    await more(live, 100);
    leader.resume();
    await more(live, 200);
    await judge(live);
  });
});
