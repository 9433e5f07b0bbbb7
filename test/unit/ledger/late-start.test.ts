import { describe, expect, it } from 'vitest';
import type { Failure } from '#libs/errors/failure.js';
import { auditPublicKey } from '#libs/ledger/audit-key.js';
import { Judge, type Judged } from '#libs/ledger/judge.js';
import { lateStart, type LateStart } from '#libs/ledger/late-start.js';
import { SimulatedLog } from '#libs/ledger/simulated/simulated-log.js';
import { SimulatedStore } from '#libs/ledger/simulated/simulated-store.js';
import { trimLedger } from '#libs/ledger/trim-ledger.js';
import { systemClock } from '#libs/runtime/clock.js';
import {
  checkpointedHistory,
  historyAuditKey,
  historyCluster,
  historyKeys,
  historyLedger,
  type CheckpointedHistory,
} from '../../support/ledger/checkpointed-history.js';
import { SeededRandom } from '../../support/ledger/seeded-random.js';

const size = 64;
const noBytes = new Uint8Array(0);

function logOf(values: readonly Uint8Array[]): SimulatedLog {
  const store = new SimulatedStore(() => 0);
  store.append(values);
  return new SimulatedLog(historyLedger, store, systemClock);
}

const trusting = (log: SimulatedLog) => ({
  log,
  publicKey: historyAuditKey,
  clusterId: historyCluster,
  ledger: historyLedger,
  windowSize: size,
});

/** Goes on from a late start to the end, and compares all that a reader knows with who read from 0. */
function judgeOn(late: LateStart, taken: readonly Judged[], whole: CheckpointedHistory): number {
  const judge = new Judge(historyKeys, late);
  const from = late.window.position + 1;
  const cut = (one: Judged) => ({ position: one.position, accepted: one.accepted });
  expect(taken.map(cut)).toEqual(whole.judged.slice(late.firstKnown, from).map(cut));
  expect(late.announced).toEqual(whole.announced[from - 1]);
  for (let position = from; position < whole.values.length; position++) {
    const value = whole.values[position] ?? null;
    const one = judge.judge({ position, value, control: false, appendedAtMs: position });
    const expected = whole.judged[position];
    const same =
      one.why === expected?.why &&
      Buffer.compare(one.chain, expected?.chain ?? noBytes) === 0 &&
      Buffer.compare(
        judge.window.verdictHash(position) ?? noBytes,
        whole.verdictHashes[position] ?? noBytes,
      ) === 0;
    if (!same) throw new Error(`position ${position}: ${one.why}, not ${expected?.why}`);
  }
  return whole.values.length - from;
}

describe('a late start', () => {
  it('gives every later record the verdict that a reader from 0 gives, from any two checkpoints', async () => {
    const random = new SeededRandom(11);
    let starts = 0;
    let judgedOn = 0;
    for (let seed = 1; seed <= 24; seed++) {
      const checkpointEvery = 8 + random.below(90);
      const records = 400 + random.below(200);
      const options = { seed, records, windowSize: size, checkpointEvery, sealed: seed % 4 === 0 };
      const whole = checkpointedHistory(options);
      for (let trims = 0; trims < 4; trims++) {
        const log = logOf(whole.values);
        await log.trim(random.below(records / 2));
        const taken: Judged[] = [];
        const late = await lateStart(trusting(log), (judged) => taken.push(judged));
        judgedOn += judgeOn(late, taken, whole);
        starts += 1;
      }
    }
    expect(starts).toBe(96);
    expect(judgedOn).toBeGreaterThan(10_000);
  });

  const options = { seed: 7, records: 500, windowSize: size, checkpointEvery: 50, sealed: false };
  const whole = checkpointedHistory(options);

  it('hands over records as far back as the verdicts of one checkpoint join those of the next', async () => {
    const late = await lateStart(trusting(logOf(whole.values)));
    // The first is about 49, the second about 99, the third about 149: a window after the first.
    expect(late.window.position).toBe(149);
    expect(late.firstKnown).toBe(50);
    const far = checkpointedHistory({ ...options, checkpointEvery: 90 });
    const gap = await lateStart(trusting(logOf(far.values)));
    expect(gap.window.position).toBe(179);
    expect(gap.firstKnown).toBe(116);
  });

  it('is refused when any record between was changed, removed, swapped or doubled', async () => {
    const random = new SeededRandom(3);
    const manipulations: ((values: Uint8Array[], at: number) => void)[] = [
      (values, at) => {
        const copy = Uint8Array.from(values[at] ?? []);
        if (copy.length === 0) return void values.splice(at, 1);
        const byte = random.below(copy.length);
        copy[byte] = (copy[byte] ?? 0) ^ (1 << random.below(8));
        values[at] = copy;
      },
      (values, at) => void values.splice(at, 1),
      (values, at) => void values.splice(at, 2, values[at + 1] ?? noBytes, values[at] ?? noBytes),
      (values, at) => void values.splice(at, 0, values[at] ?? noBytes),
    ];
    for (let i = 0; i < 60; i++) {
      const values = [...whole.values];
      manipulations[i % manipulations.length]?.(values, 51 + random.below(98));
      const refused = await lateStart(trusting(logOf(values))).catch((error: unknown) => error);
      // Moved down, a checkpoint would be about itself: it is passed over, and no pair is left.
      const reasons = ['DIVERGED', 'WRONG_STATE'];
      expect([i, reasons.includes((refused as Failure).reason)]).toEqual([i, true]);
    }
  });

  it.each([
    ['another audit key', { publicKey: auditPublicKey(new Uint8Array(32).fill(1)) }],
    ['another cluster', { clusterId: 'cluster-2' }],
    ['another ledger', { ledger: 'other.ledger.v1' }],
    ['no audit key at all', { publicKey: new Uint8Array(32) }],
  ])('takes nothing from checkpoints of %s', async (_, change) => {
    const trust = { ...trusting(logOf(whole.values)), ...change };
    await expect(lateStart(trust)).rejects.toMatchObject({ reason: 'WRONG_STATE' });
  });

  it('passes over a checkpoint whose signature is broken', async () => {
    const values = [...whole.values];
    for (const at of [50, 100, 150, 200, 250, 300, 350, 400, 450]) {
      const copy = Uint8Array.from(values[at] ?? []);
      // Behind the signature only the mac (16 bytes) follows.
      copy[copy.length - 20] = (copy.at(-20) ?? 0) ^ 1;
      values[at] = copy;
    }
    await expect(lateStart(trusting(logOf(values)))).rejects.toMatchObject({
      reason: 'WRONG_STATE',
    });
  });

  it('needs two checkpoints a window apart', async () => {
    const log = logOf(whole.values.slice(0, 148));
    await expect(lateStart(trusting(log))).rejects.toMatchObject({ reason: 'WRONG_STATE' });
  });
});

describe('trimming a ledger', () => {
  const options = { seed: 9, records: 500, windowSize: size, checkpointEvery: 50, sealed: false };
  const whole = checkpointedHistory(options);

  it('leaves what a late reader needs, and is refused where it would not', async () => {
    const log = logOf(whole.values);
    await trimLedger(trusting(log), 300);
    expect(await log.start()).toBe(300);
    const taken: Judged[] = [];
    const late = await lateStart(trusting(log), (judged) => taken.push(judged));
    judgeOn(late, taken, whole);
    // About 399 and 449 only: less than a window apart.
    const refused = trimLedger(trusting(log), 380);
    await expect(refused).rejects.toMatchObject({ reason: 'WRONG_STATE' });
    expect(await log.start()).toBe(300);
  });
});
