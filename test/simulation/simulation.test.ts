import { describe, expect, it } from 'vitest';
import { simulate } from './simulate.js';
import { violated } from './violations.js';

const seeds = 200;

describe('the ledger under faults', () => {
  it(`breaks nothing in ${seeds} seeds`, { timeout: 180_000 }, async () => {
    let acknowledged = 0;
    let faults = 0;
    for (let seed = 1; seed <= seeds; seed++) {
      const findings = await simulate(seed);
      expect(violated(findings), `seed ${seed}: npm run simulate -- --seed ${seed}`).toEqual([]);
      acknowledged += findings.acknowledged;
      faults += findings.faults;
    }
    expect(acknowledged).toBeGreaterThan(50 * seeds);
    expect(faults).toBeGreaterThan(2 * seeds);
  });

  it('checkpoints of any instance at any moment break nothing, and nobody differs from one', async () => {
    let checkpoints = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const findings = await simulate(seed, { checkpointMs: 400 });
      expect(violated(findings), `seed ${seed}`).toEqual([]);
      expect([seed, findings.quarrels]).toEqual([seed, 0]);
      checkpoints += findings.checkpoints;
    }
    expect(checkpoints).toBeGreaterThan(600);
  });

  it('replays a seed exactly', async () => {
    for (const seed of [3, 77]) {
      expect((await simulate(seed)).trace).toBe((await simulate(seed)).trace);
    }
  });
});
