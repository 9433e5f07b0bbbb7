import { expect, it } from 'vitest';
import { Failure } from '#libs/errors/failure.js';
import { tenant } from '../../support/ledger/domain.js';
import { LiveLedger, nothingWrong } from '../../support/ledger/live-ledger.js';
import { describeOnKafka } from '../../support/kafka/describe-on-kafka.js';
import { freshLedgerTopic } from '../../support/kafka/fresh-topic.js';

const RIVALS = 12;
const NAMES = 40;

describeOnKafka('instances under contention', (brokers) => {
  it(`${RIVALS} callers on three instances claim each of ${NAMES} names at once: one gets it`, async () => {
    const topic = await freshLedgerTopic(brokers);
    const live = new LiveLedger({ topic, brokers, direct: brokers, instances: 3, callers: 0 });
    await expect.poll(() => live.instances.every(({ ready }) => ready)).toBe(true);
    const winners: number[] = [];
    for (let round = 0; round < NAMES; round += 1) {
      const claims = Array.from({ length: RIVALS }, (_, rival) => claim(live, round, rival));
      const results = await Promise.all(claims);
      winners.push(results.filter((result) => result === 'claimed').length);
      expect(new Set(results)).toEqual(new Set(['claimed', 'WRONG_STATE']));
    }
    expect(winners).toEqual(Array.from({ length: NAMES }, () => 1));
    expect(await live.judge()).toEqual(nothingWrong);
    expect(live.voids, 'races that the log decided').toBeGreaterThan(0);
    await live.close();
  });

  it('one command id sent to all instances at once has one effect, at one position', async () => {
    const topic = await freshLedgerTopic(brokers);
    const live = new LiveLedger({ topic, brokers, direct: brokers, instances: 3, callers: 0 });
    await expect.poll(() => live.instances.every(({ ready }) => ready)).toBe(true);
    for (let round = 0; round < NAMES; round += 1) {
      const answers = await Promise.all(
        live.instances.map((instance, i) =>
          instance.execute(
            { type: 'Add', name: `p${round}.${i}` },
            envelope(`again${round}`, `again${round}/${i}`),
          ),
        ),
      );
      expect(new Set(answers.map(({ position }) => position)).size).toBe(1);
      expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    }
    expect(await live.judge()).toEqual(nothingWrong);
    expect(live.voids, 'the same command was decided more than once').toBeGreaterThan(0);
    await live.close();
  });

  it('16 callers on four instances: no skew in 1,500 commands, nothing doubled', async () => {
    const topic = await freshLedgerTopic(brokers);
    const live = new LiveLedger({ topic, brokers, direct: brokers, instances: 4, callers: 16 });
    await expect.poll(() => live.acknowledged, { timeout: 30_000 }).toBeGreaterThan(1_500);
    await live.stop();
    expect(await live.judge()).toEqual(nothingWrong);
    expect(live.voids).toBeGreaterThan(100);
    await live.close();
  });
});

async function claim(live: LiveLedger, round: number, rival: number): Promise<string> {
  const instance = live.instances[rival % live.instances.length];
  const id = `claim${round}.${rival}`;
  try {
    const command = { type: 'ClaimName', name: `name${round}`, principal: id } as const;
    await instance?.execute(command, envelope(id, `${id}/0`));
    return 'claimed';
  } catch (error) {
    if (error instanceof Failure) return error.reason;
    throw error;
  }
}

function envelope(commandId: string, reason: string) {
  const actor = { tenant, principal: '' };
  return { tenant, actor, commandId, reason, requestDigest: 'd', traceparent: '' };
}
