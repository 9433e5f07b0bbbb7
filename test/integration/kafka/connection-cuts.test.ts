import { afterAll, beforeAll, expect, it } from 'vitest';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { take } from '../../contracts/event-log-contract.js';
import { describeWithBrokerControl } from '../../support/kafka/describe-on-kafka.js';
import { freshLedgerTopic } from '../../support/kafka/fresh-topic.js';
import { startControlledBroker } from '../../support/kafka/start-broker.js';
import type { CutStage } from '../../support/net/proxy-connection.js';
import type { Proxy } from '../../support/net/start-proxy.js';
import { startProxy } from '../../support/net/start-proxy.js';
import { AppendLoad, findings, nothingWrong } from './append-load.js';
import { TailFollower } from './tail-follower.js';

const PRODUCE = 0;
const FETCH = 1;

describeWithBrokerControl('connections cut at each stage of a request', () => {
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

  /** Cuts every 8th request of one kind at this stage, until 12 have been cut. */
  async function cutTwelve(apiKey: number, stage: CutStage): Promise<void> {
    const before = proxy.faultsDone();
    let seen = 0;
    proxy.setFaults((request) => {
      if (request.apiKey !== apiKey || proxy.faultsDone() - before >= 12) return undefined;
      seen += 1;
      return seen % 8 === 0 ? stage : undefined;
    });
    await expect.poll(() => proxy.faultsDone() - before, { timeout: 60_000 }).toBe(12);
    proxy.setFaults(undefined);
  }

  /** Of twelve cut appends, how many were written at least and at most. */
  const stages: readonly [CutStage, number, number][] = [
    ['before-request', 0, 0],
    ['mid-request', 0, 0],
    ['after-request', 0, 12],
    ['before-reply', 12, 12],
    ['mid-reply', 12, 12],
  ];
  it.each(stages)(
    'L1 L2 produce cut %s: of 12 unknown ones %i to %i were written',
    async (stage, least, most) => {
      const topic = await freshLedgerTopic(broker.direct);
      const log = openKafkaLog({ brokers: broker.bootstrap, topic });
      const follower = new TailFollower(log);
      // One at a time: a cut would also hit what others have in flight on the same connection.
      const load = new AppendLoad(log, 1);
      await cutTwelve(PRODUCE, stage);
      const acknowledgedSoFar = load.acknowledged.size;
      await expect.poll(() => load.acknowledged.size).toBeGreaterThan(acknowledgedSoFar + 20);
      await load.stop();
      const records = await take(log, 0, await log.end());
      await expect.poll(() => follower.records.length).toBe(records.length);
      await follower.stop();
      await log.close();

      const found = findings(load, records);
      expect(load.unknown).toHaveLength(12);
      expect(found.written.length).toBeGreaterThanOrEqual(least);
      expect(found.written.length).toBeLessThanOrEqual(most);
      expect(found).toMatchObject(nothingWrong);
      expect(follower).toMatchObject({ gaps: [], error: undefined });
    },
  );

  it.each(stages)('L3 L9 fetch cut %s: the tail goes on without a gap', async (stage) => {
    const topic = await freshLedgerTopic(broker.direct);
    const log = openKafkaLog({ brokers: broker.bootstrap, topic });
    const direct = openKafkaLog({ brokers: broker.direct, topic });
    const follower = new TailFollower(log);
    const load = new AppendLoad(direct, 2);
    await cutTwelve(FETCH, stage);
    await load.stop();
    const end = await direct.end();
    await expect.poll(() => follower.records.length, { timeout: 10_000 }).toBe(end);
    await follower.stop();

    expect(follower.reconnects).toBeGreaterThanOrEqual(12);
    expect(follower).toMatchObject({ gaps: [], error: undefined });
    expect(follower.records).toEqual(await take(direct, 0, end));
    expect(findings(load, follower.records)).toMatchObject(nothingWrong);
    await log.close();
    await direct.close();
  });
});
