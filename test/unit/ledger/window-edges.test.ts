import { expect, it } from 'vitest';
import { Judge } from '#libs/ledger/judge.js';
import { VerdictWindow, type WindowEntry } from '#libs/ledger/verdict-window.js';
import { SeededRandom } from '../../support/ledger/seeded-random.js';
import { entry, header, macKeys, newJudge, sealed } from './records.js';

const size = 64;
const records = 6_000;

function keyOf(number: number): Uint8Array {
  const key = Buffer.alloc(16, 7);
  key.writeUInt32LE(number, 0);
  return key;
}

it('judges the same from 0 and from a snapshot, on both sides of every edge of the window', () => {
  const random = new SeededRandom(5);
  const whole = newJudge(size);
  let resumed = newJudge(size);
  const chains: Uint8Array[] = [];
  const lastWrites = new Map<number, number>();
  const entries: WindowEntry[] = [];
  const seen = new Set<string | undefined>();
  for (let p = 0; p < records; p++) {
    const far = p - size - 2 + random.below(5);
    const basedOn = Math.max(
      -1,
      random.chance(0.5) ? p - 1 - random.below(2) : Math.min(far, p - 1),
    );
    const chain = (basedOn < 0 ? new Uint8Array(32) : chains[basedOn]!).subarray(0, 16);
    // Some keys come back just as they leave the window, some twice in one record.
    const reads = [random.below(400)];
    const writes = [random.below(400), random.below(1e6)];
    if (random.chance(0.2)) writes.push(writes[0]!);
    const change = { basedOn, chain, reads: reads.map(keyOf), writes: writes.map(keyOf) };
    const record = entry(p, sealed(header(change)));
    const conflicts = [...reads, ...writes].some((key) => (lastWrites.get(key) ?? -1) > basedOn);
    const expected = basedOn < p - size ? 'snapshot-too-old' : conflicts ? 'conflict' : undefined;
    seen.add(expected);
    if (expected === undefined) for (const key of writes) lastWrites.set(key, p);
    const judged = whole.judge(record);
    expect(judged.why, `position ${p}`).toBe(expected);
    expect(resumed.judge(record).why, `position ${p}, resumed`).toBe(expected);
    expect(resumed.window.verdictHash(p)).toEqual(whole.window.verdictHash(p));
    chains.push(Uint8Array.from(judged.chain));
    const { accepted } = judged;
    const stored = accepted ? change.writes : [];
    entries.push({ position: p, chain: chains[p]!, accepted, writes: stored });
    if (random.chance(0.02)) {
      const { acceptedCount } = whole.window;
      const window = VerdictWindow.restore(entries.slice(-size), acceptedCount, size);
      resumed = new Judge(macKeys, { window, sealed: false });
    }
  }
  expect(seen).toEqual(new Set([undefined, 'conflict', 'snapshot-too-old']));
});
