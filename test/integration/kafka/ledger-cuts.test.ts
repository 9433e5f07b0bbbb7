import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithBrokerControl } from '../../support/kafka/describe-on-kafka.js';
import { freshLedgerTopic } from '../../support/kafka/fresh-topic.js';
import { startControlledBroker } from '../../support/kafka/start-broker.js';
import type { AllDefences } from '../../support/ledger/instance.js';
import { LiveLedger, nothingWrong } from '../../support/ledger/live-ledger.js';
import type { CutStage } from '../../support/net/proxy-connection.js';
import { startProxy, type Proxy } from '../../support/net/start-proxy.js';

const PRODUCE = 0;
const FETCH = 1;
const stages: readonly CutStage[] = [
  'before-request',
  'mid-request',
  'after-request',
  'before-reply',
  'mid-reply',
];

describeWithBrokerControl('two instances under contention, connections are cut', () => {
  let broker: Awaited<ReturnType<typeof startControlledBroker>>;
  let proxy: Proxy;
  beforeAll(async () => {
    proxy = await startProxy();
    broker = await startControlledBroker({ advertise: proxy.port });
    proxy.pointTo({ port: broker.control.port });
  });
  afterAll(async () => {
    await broker.stop();
    await proxy.stop();
  });

  async function underLoad(defences: Partial<AllDefences> = {}): Promise<LiveLedger> {
    const { bootstrap: brokers, direct } = broker;
    const topic = await freshLedgerTopic(direct);
    const live = new LiveLedger({ topic, brokers, direct, defences });
    await more(live, 100);
    return live;
  }

  async function more(live: LiveLedger, count: number): Promise<void> {
    const before = live.acknowledged;
    const timeout = 30_000;
    await expect.poll(() => live.acknowledged, { timeout }).toBeGreaterThan(before + count);
  }

  /** Cuts every `every`th request of one kind, at one stage after the other. */
  async function cut(
    count: number,
    apiKey: number,
    cuts: readonly CutStage[],
    every: number,
  ): Promise<number> {
    const before = proxy.faultsDone();
    let planned = 0;
    let seen = 0;
    proxy.setFaults((request) => {
      if (request.apiKey !== apiKey || planned >= count || ++seen % every !== 0) return undefined;
      return cuts[planned++ % cuts.length];
    });
    const done = (): number => proxy.faultsDone() - before;
    await expect.poll(done, { timeout: 60_000 }).toBeGreaterThanOrEqual(count - 1);
    proxy.setFaults(undefined);
    return done();
  }

  async function judge(live: LiveLedger): Promise<void> {
    await more(live, 100);
    await live.stop();
    expect(await live.judge()).toEqual(nothingWrong);
    expect(live.voids, 'contention').toBeGreaterThan(0);
    await live.close();
  }

  it.each(stages)('20 appends cut %s', async (stage) => {
    const live = await underLoad();
    await cut(20, PRODUCE, [stage], 10);
    await judge(live);
    expect(live.fences.length, 'outcomes that nobody knew').toBeGreaterThanOrEqual(5);
    expect(new Set(live.fences.map(({ instance }) => instance)).size).toBe(2);
  });

  it('the same cuts double commands where a writer guesses instead of fencing', async () => {
    const live = await underLoad({ fence: false, lookUp: false, commandKey: false });
    await cut(20, PRODUCE, ['before-reply'], 10);
    await more(live, 100);
    await live.stop();
    expect((await live.judge()).doubled).toBeGreaterThan(0);
    await live.close();
  });

  it('every second append cut, at all stages: also the fences', async () => {
    const live = await underLoad();
    await cut(60, PRODUCE, stages, 2);
    await judge(live);
    expect(live.fences.length).toBeGreaterThanOrEqual(5);
  });

  it('50 fetches cut, at all stages: no reader misses or repeats a record', async () => {
    const live = await underLoad();
    expect(await cut(50, FETCH, stages, 6)).toBeGreaterThanOrEqual(49);
    await judge(live);
  });

  it('all connections cut at once, 20 times', async () => {
    const live = await underLoad();
    for (let round = 0; round < 20; round += 1) {
      await more(live, 10);
      proxy.cutAll();
    }
    await judge(live);
    expect(live.fences.length).toBeGreaterThanOrEqual(5);
  });
});
