import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PositionOutOfRange } from '#libs/ledger/event-log.js';
import type { KafkaTrouble } from '#libs/ledger/kafka/kafka-settings.js';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { take } from '../../contracts/event-log-contract.js';
import { describeWithBrokerControl } from '../../support/kafka/describe-on-kafka.js';
import { freshLedgerTopic, recreateLedgerTopic } from '../../support/kafka/fresh-topic.js';
import { startControlledBroker } from '../../support/kafka/start-broker.js';
import { AppendLoad, findings, nothingWrong } from './append-load.js';
import { TailFollower } from './tail-follower.js';

const NOTICED_MS = 3_000;

describeWithBrokerControl('one broker that fails', () => {
  let broker: Awaited<ReturnType<typeof startControlledBroker>>;
  beforeAll(async () => {
    broker = await startControlledBroker();
  });
  afterAll(() => broker.stop());

  async function underLoad() {
    const topic = await freshLedgerTopic(broker.direct);
    const troubles: KafkaTrouble[] = [];
    const log = openKafkaLog({
      brokers: broker.direct,
      topic,
      onTrouble: (trouble) => troubles.push(trouble),
    });
    const follower = new TailFollower(log);
    const load = new AppendLoad(log);
    await expect.poll(() => load.acknowledged.size, { timeout: 10_000 }).toBeGreaterThan(100);
    return { topic, log, follower, load, troubles };
  }
  type UnderLoad = Awaited<ReturnType<typeof underLoad>>;

  /** Waits until appends count again and the tail has all; then compares and closes. */
  async function judgeAfterwards({ log, load, follower }: UnderLoad) {
    const before = load.acknowledged.size;
    await expect
      .poll(() => load.acknowledged.size, { timeout: 20_000 })
      .toBeGreaterThan(before + 50);
    await load.stop();
    const records = await take(log, 0, await log.end());
    await expect.poll(() => follower.records.length, { timeout: 5_000 }).toBe(records.length);
    await follower.stop();
    await log.close();
    expect(follower).toMatchObject({ gaps: [], error: undefined });
    expect(follower.records).toEqual(records);
    return findings(load, records);
  }

  it('L1 L2 L9 killed and started again: nothing acknowledged is lost or doubled', async () => {
    const running = await underLoad();
    const reconnects = running.follower.reconnects;
    await broker.control.kill9();
    await expect.poll(() => running.load.failures).toBeGreaterThan(5);
    await broker.control.restart();
    expect(await judgeAfterwards(running)).toMatchObject(nothingWrong);
    expect(running.follower.reconnects).toBeGreaterThan(reconnects);
  });

  it('L1 L2 L9 paused: noticed within 3 s, mended once it goes on', async () => {
    const running = await underLoad();
    const { load, follower, troubles } = running;
    broker.control.pause();
    const pausedAtMs = performance.now();
    await sleep(NOTICED_MS + 500);
    const byNow = [...load.failedAfterMs];
    const parts = new Set(troubles.map(({ part }) => part));
    await sleep(1_500);
    broker.control.resume();

    expect(load.unknown.length).toBeGreaterThanOrEqual(3);
    expect(byNow.length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...load.failedAfterMs)).toBeLessThan(NOTICED_MS);
    expect(parts).toEqual(new Set(['append', 'tail', 'metadata']));
    expect(follower.lastBatchAtMs).toBeLessThan(pausedAtMs + 500);
    expect(await judgeAfterwards(running)).toMatchObject(nothingWrong);
    expect(load.longestGapMs()).toBeGreaterThan(NOTICED_MS);
  });

  it('L6 deleted and created again: a tail that was there says so, a new one starts at 0', async () => {
    const { topic, log, follower, load } = await underLoad();
    await load.stop();
    await recreateLedgerTopic(broker.direct, topic);
    // As many entries as the old topic had: offsets alone would not show the difference.
    const values = Array.from({ length: 500 }, (_, i) => Buffer.from(`new ${i}`));
    const direct = openKafkaLog({ brokers: broker.direct, topic });
    while ((await direct.end()) <= follower.records.length) await direct.append(values);
    await direct.close();
    await expect.poll(() => follower.error, { timeout: 10_000 }).toBeInstanceOf(PositionOutOfRange);
    const [first] = await take(log, 0, 1);
    expect(Buffer.from(first?.value ?? []).toString()).toBe('new 0');
    await log.close();
  });

  it('L2 an append to a topic that does not exist is refused with outcome none', async () => {
    const log = openKafkaLog({ brokers: broker.direct, topic: 'test.never.created' });
    await expect(log.append([Buffer.from('x')])).rejects.toMatchObject({
      outcome: 'none',
      message: expect.stringContaining('does not exist') as string,
    });
    await expect(log.end()).rejects.toThrow('does not exist');
    await log.close();
  });

  it('L2 an append while no broker listens is refused with outcome none, in time', async () => {
    const log = openKafkaLog({ brokers: ['127.0.0.1:9'], topic: 'test.nowhere' });
    const startedAtMs = performance.now();
    await expect(log.append([Buffer.from('x')])).rejects.toMatchObject({ outcome: 'none' });
    expect(performance.now() - startedAtMs).toBeLessThan(NOTICED_MS);
    await log.close();
  });
});
