import { describe, expect, it } from 'vitest';
import { compareSamples, surprising } from '../../support/identity/two-samples.js';
import { SeededRandom } from '../../support/ledger/seeded-random.js';

const random = new SeededRandom(7);
const sample = (from: number, to: number) =>
  Array.from({ length: 200 }, () => random.between(from, to));

describe('comparing two samples', () => {
  it('finds no difference where there is none', () => {
    const { z, ks } = compareSamples(sample(0, 1), sample(0, 1));
    expect(z).toBeLessThan(surprising.z);
    expect(ks).toBeLessThan(surprising.ks);
    expect(compareSamples([1, 1, 1], [1, 1, 1])).toEqual({ z: 0, ks: 0 });
  });

  it('finds another middle', () => {
    const { z, ks } = compareSamples(sample(0, 1), sample(0.3, 1.3));
    expect(z).toBeGreaterThan(surprising.z);
    expect(ks).toBeGreaterThan(surprising.ks);
  });

  it('finds another spread around the same middle', () => {
    const { z, ks } = compareSamples(sample(0, 1), sample(0.4, 0.6));
    expect(z).toBeLessThan(surprising.z);
    expect(ks).toBeGreaterThan(surprising.ks);
  });

  it('is the textbook number', () => {
    // All of one below all of the other: U = 0, mean 8, deviation sqrt(12).
    expect(compareSamples([1, 2, 3, 4], [5, 6, 7, 8]).z).toBeCloseTo(8 / Math.sqrt(12));
    expect(compareSamples([1, 2, 3, 4], [5, 6, 7, 8]).ks).toBeCloseTo(1 / Math.sqrt(0.5));
  });
});
