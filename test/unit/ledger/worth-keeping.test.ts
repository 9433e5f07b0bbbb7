import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { worthKeeping } from '#libs/ledger/worth-keeping.js';

describe('the snapshots that are kept', () => {
  it('are the newest three and at most 24 older ones, the oldest among them', () => {
    const positions = fc.uniqueArray(fc.nat(50_000_000), { maxLength: 200 });
    fc.assert(
      fc.property(positions, (all) => {
        const sorted = all.sort((a, b) => a - b);
        const kept = [...worthKeeping(sorted)].sort((a, b) => a - b);
        expect(kept.length).toBeLessThanOrEqual(27);
        expect(kept.slice(-3)).toEqual(sorted.slice(-3));
        expect(kept[0]).toBe(sorted[0]);
        expect(sorted).toEqual(expect.arrayContaining(kept));
      }),
    );
  });

  it('lie evenly: while one follows the other, no stretch is bared', () => {
    let kept: number[] = [];
    for (let position = 65_535; position < 65_536 * 400; position += 65_536) {
      kept = [...worthKeeping([...kept, position])].sort((a, b) => a - b);
      const gaps = kept.slice(1, -3).map((each, i) => each - (kept[i] as number));
      expect(Math.max(0, ...gaps)).toBeLessThanOrEqual(Math.max(65_536, (position / 12) * 2));
    }
  });
});
