import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithBrokerControl } from '../../support/kafka/describe-on-kafka.js';
import { freshLedgerTopic, recreateLedgerTopic } from '../../support/kafka/fresh-topic.js';
import { startControlledBroker } from '../../support/kafka/start-broker.js';
import { LiveLedger, nothingWrong } from '../../support/ledger/live-ledger.js';

const NOTICED_MS = 3_000;
/** What was said up to this long after a cut of the log, nobody could know better. */
const GRACE_MS = 6_000;

describeWithBrokerControl('two instances under contention on one broker that fails', () => {
  let broker: Awaited<ReturnType<typeof startControlledBroker>>;
  beforeAll(async () => {
    broker = await startControlledBroker();
  });
  afterAll(() => broker.stop());

  async function underLoad(): Promise<{ live: LiveLedger; topic: string }> {
    const { direct } = broker;
    const topic = await freshLedgerTopic(direct);
    const live = new LiveLedger({ topic, brokers: direct, direct });
    await more(live, 100);
    return { live, topic };
  }

  async function more(live: LiveLedger, count: number): Promise<void> {
    const before = live.acknowledged;
    const timeout = 30_000;
    await expect.poll(() => live.acknowledged, { timeout }).toBeGreaterThan(before + count);
  }

  it('killed -9 and started again', async () => {
    const { live } = await underLoad();
    for (let round = 0; round < 2; round += 1) {
      await broker.control.kill9();
      const atKill = live.acknowledged;
      await sleep(500);
      // The reader may still hold records of the last fetch; then nothing is acknowledged any more.
      expect(live.acknowledged - atKill).toBeLessThan(20);
      await broker.control.restart();
      await more(live, 200);
    }
    await live.stop();
    expect(await live.judge()).toEqual(nothingWrong);
    expect(live.fences.length).toBeGreaterThanOrEqual(1);
    expect(live.voids).toBeGreaterThan(0);
    await live.close();
  });

  it('paused: noticed within 3 s by appends and by freshness, nothing acknowledged meanwhile', async () => {
    const { live } = await underLoad();
    broker.control.pause();
    const pausedAtMs = performance.now();
    await sleep(NOTICED_MS);
    const atNotice = live.acknowledged;
    const stale = live.instances.map(({ reader }) => reader.stalenessMs());
    const fencing = live.instances.map(({ writer }) => writer.fencing);
    await sleep(3_000);
    const atResume = live.acknowledged;
    broker.control.resume();
    await more(live, 200);
    await live.stop();

    expect(await live.judge()).toEqual(nothingWrong);
    expect(fencing).toEqual([true, true]);
    expect(Math.min(...stale)).toBeGreaterThan(NOTICED_MS - 500);
    expect(atResume).toBe(atNotice);
    const noticed = live.fences.filter(({ atMs }) => atMs > pausedAtMs).map(({ atMs }) => atMs);
    expect(Math.min(...noticed) - pausedAtMs).toBeLessThan(NOTICED_MS);
    await live.close();
  });

  it('topic deleted and created again: readers say so, rebuild, and go on', async () => {
    const { live, topic } = await underLoad();
    await more(live, 500);
    const highest = Math.max(...live.instances.map(({ reader }) => reader.position));
    await recreateLedgerTopic(broker.direct, topic);
    const recreatedAtMs = performance.now();
    const diverged = (): Set<number> =>
      new Set(live.alarmsOf('diverged').map(({ instance }) => instance));
    await expect.poll(() => diverged().size, { timeout: GRACE_MS }).toBe(2);
    for (const { reader } of live.instances) {
      await expect.poll(() => reader.state, { timeout: 5_000 }).toBe('following');
    }
    await sleep(Math.max(0, recreatedAtMs + GRACE_MS - performance.now()));
    const before = live.acknowledged;
    await more(live, 200);
    await live.stop();

    expect(await live.judge(recreatedAtMs + GRACE_MS)).toEqual(nothingWrong);
    expect(live.acknowledged).toBeGreaterThan(before + 200);
    const alarms = live.alarmsOf('acknowledged-writes-lost');
    expect(new Set(alarms.map(({ instance }) => instance)).size).toBe(2);
    for (const { reader } of live.instances) expect(reader.lostBelow).toBeGreaterThan(highest - 50);
    await live.close();
  });
});
