import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { LedgerSeed } from '../../support/authorizer/ledger-seed.js';
import { describeOnKafka } from '../../support/kafka/describe-on-kafka.js';
import { freshLedgerTopic } from '../../support/kafka/fresh-topic.js';
import { freshPublicTopics } from '../../support/kafka/public-topics.js';
import { SeededRandom } from '../../support/ledger/seeded-random.js';
import { report } from '../effort.js';
import { EffectsStore } from './effects-store.js';
import { RunningProgram } from './running-program.js';
import { seedEvents } from './seed-events.js';
import { streamEffort } from './stream-effort.js';
import type { SubscriberProgramOptions } from './subscriber-options.js';

describeOnKafka(
  'public topics whose publisher and subscriber are killed at any moment',
  (brokers) => {
    it('hand over each event once, each partition in order', async () => {
      const random = new SeededRandom(20_261_125);
      const prefix = `test.${randomUUID()}`;
      const folder = mkdtempSync(join(tmpdir(), 'ledgate-streams-'));
      const ledger = `${prefix}.ledger.v1`;
      await freshLedgerTopic(brokers, ledger);
      await freshPublicTopics(brokers, prefix);
      const log = openKafkaLog({ topic: ledger, brokers });
      const expected = await seedEvents(await LedgerSeed.begin(log), streamEffort.events);
      await log.close();

      const options: SubscriberProgramOptions = {
        folder: join(folder, 'subscriber'),
        checkpoint: 'own',
        source: { kind: 'kafka', brokers, prefix },
      };
      const publisher = new RunningProgram('publisher-program.ts', { brokers, prefix, folder });
      const subscriber = new RunningProgram('subscriber-program.ts', options);
      const startedAtMs = performance.now();
      await Promise.all([publisher.start(), subscriber.start()]);
      while (publisher.kills + subscriber.kills < streamEffort.kills) {
        await sleep(random.between(20, streamEffort.longestLifeMs));
        const victim = random.chance(0.5) ? publisher : subscriber;
        await victim.kill();
        await victim.start();
      }
      const soon = { timeout: 600_000, interval: 200 };
      await expect.poll(() => subscriber.count, soon).toBeGreaterThanOrEqual(expected.length);
      // Whatever would come twice comes now.
      await sleep(1_000);
      await Promise.all([publisher.remove(), subscriber.remove()]);
      const store = new EffectsStore(join(folder, 'subscriber'));
      const { handled, streams } = store;
      await store.close();
      rmSync(folder, { recursive: true, force: true });
      report('streams by Kafka', {
        events: expected.length,
        killsOfPublisher: publisher.kills,
        killsOfSubscriber: subscriber.kills,
        missing: new Set(expected).size - new Set(handled).size,
        doubled: handled.length - new Set(handled).size,
        seconds: (performance.now() - startedAtMs) / 1000,
      });
      expect([publisher.complaints, subscriber.complaints]).toEqual([[], []]);
      expect(handled.toSorted()).toEqual(expected.toSorted());
      expect(outOfOrder(streams)).toEqual([]);
    });
  },
);

/** Events whose stream had already handled a later one. */
function outOfOrder(streams: ReadonlyMap<string, readonly string[]>): string[] {
  return [...streams.values()].flatMap((ids) =>
    ids.filter((id, at) => at > 0 && placeOf(ids[at - 1] ?? '') >= placeOf(id)),
  );
}

function placeOf(id: string): number {
  const [position, index] = id.split(':').slice(-2).map(Number);
  return (position ?? 0) * 10 + (index ?? 0);
}
