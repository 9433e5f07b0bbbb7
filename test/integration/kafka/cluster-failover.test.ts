import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { ledgerTopicSpec } from '#libs/ledger/kafka/topic-spec.js';
import { checkTopics } from '#libs/ledger/kafka/topics.js';
import { take } from '../../contracts/event-log-contract.js';
import { describeWithBrokerControl } from '../../support/kafka/describe-on-kafka.js';
import { freshLedgerTopic, withAdmin } from '../../support/kafka/fresh-topic.js';
import type { KafkaCluster } from '../../support/kafka/start-cluster.js';
import { startCluster } from '../../support/kafka/start-cluster.js';
import { AppendLoad, findings, nothingWrong } from './append-load.js';
import { TailFollower } from './tail-follower.js';

const NOTICED_MS = 3_000;

describeWithBrokerControl('three brokers, the leader fails', () => {
  let cluster: KafkaCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  async function underLoad() {
    const topic = await freshLedgerTopic(cluster.direct);
    const log = openKafkaLog({ brokers: cluster.direct, topic });
    const follower = new TailFollower(log);
    const load = new AppendLoad(log);
    await expect.poll(() => load.acknowledged.size, { timeout: 20_000 }).toBeGreaterThan(100);
    return { topic, log, follower, load, leader: await cluster.leaderOf(topic) };
  }
  type UnderLoad = Awaited<ReturnType<typeof underLoad>>;

  /** Waits until `more` appends count after the failure. */
  async function recovered({ load }: UnderLoad, more = 50): Promise<void> {
    const before = load.acknowledged.size;
    const timeout = 40_000;
    await expect.poll(() => load.acknowledged.size, { timeout }).toBeGreaterThan(before + more);
  }

  async function judge({ log, load, follower }: UnderLoad) {
    await load.stop();
    const records = await take(log, 0, await log.end());
    await expect.poll(() => follower.records.length, { timeout: 10_000 }).toBe(records.length);
    await follower.stop();
    await log.close();
    expect(follower).toMatchObject({ gaps: [], error: undefined });
    expect(follower.records).toEqual(records);
    return findings(load, records);
  }

  it('topics are made with three replicas, two of which must have an append', async () => {
    const topic = await freshLedgerTopic(cluster.direct);
    expect(await checkTopics({ brokers: cluster.direct }, [ledgerTopicSpec(topic, 3)])).toEqual([]);
  });

  it('L1 L2 L9 killed: another takes over, nothing acknowledged is lost or doubled', async () => {
    const running = await underLoad();
    const reconnects = running.follower.reconnects;
    await running.leader.kill9();
    await expect.poll(() => running.load.failures).toBeGreaterThan(0);
    await recovered(running);
    expect(await cluster.leaderOf(running.topic)).not.toBe(running.leader);
    await cluster.restart();
    await recovered(running);
    expect(await judge(running)).toMatchObject(nothingWrong);
    expect(running.follower.reconnects).toBeGreaterThan(reconnects);
  });

  it('L1 L2 L9 paused: noticed within 3 s, another takes over, the old one comes back', async () => {
    const running = await underLoad();
    const { load, leader } = running;
    leader.pause();
    await expect.poll(() => load.unknown.length, { timeout: NOTICED_MS }).toBeGreaterThan(0);
    await recovered(running);
    leader.resume();
    await recovered(running, 200);
    expect(await judge(running)).toMatchObject(nothingWrong);
    expect(Math.max(...load.failedAfterMs)).toBeLessThan(NOTICED_MS);
    expect(load.longestGapMs()).toBeGreaterThan(1_000);
  });

  it('L1 L2 L9 moved away from: both connections follow', async () => {
    const running = await underLoad();
    const { topic, leader, follower } = running;
    const reconnects = follower.reconnects;
    const replicas = cluster.nodes.map(({ id }) => id).filter((id) => id !== leader.id);
    await withAdmin(cluster.direct, async (admin) => {
      const partitionAssignment = [{ partition: 0, replicas }];
      await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
    });
    const moved = async (): Promise<number> => (await cluster.leaderOf(topic)).id;
    await expect.poll(moved, { timeout: 20_000 }).not.toBe(leader.id);
    await recovered(running);
    expect(await judge(running)).toMatchObject(nothingWrong);
    expect(follower.reconnects).toBeGreaterThan(reconnects);
  });

  it('the leader counts as confirmed only while a majority of the brokers names it', async () => {
    const topic = await freshLedgerTopic(cluster.direct);
    const log = openKafkaLog({ brokers: cluster.direct, topic });
    const follower = new TailFollower(log);
    const age = (): number =>
      (follower.last?.fetchedAtMs ?? 0) - (follower.last?.leaderConfirmedAtMs ?? 0);
    await sleep(3_000);
    expect(age()).toBeLessThan(2_500);

    const leader = await cluster.leaderOf(topic);
    const others = cluster.nodes.filter((node) => node !== leader);
    for (const node of others) node.pause();
    await expect.poll(age, { timeout: 10_000 }).toBeGreaterThan(3_500);
    expect(performance.now() - follower.lastBatchAtMs).toBeLessThan(1_500);

    for (const node of others) node.resume();
    await expect.poll(age, { timeout: 30_000 }).toBeLessThan(2_500);
    await follower.stop();
    await log.close();
  });
});
