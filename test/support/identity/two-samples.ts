/** How two samples differ, so that large numbers mean "they are not of the same kind". */
export interface Difference {
  /** Mann-Whitney U as a z score: about the middle of the samples. */
  readonly z: number;
  /** Kolmogorov-Smirnov: the largest gap of the distributions, in units of what chance makes of it. */
  readonly ks: number;
}

/** Chance exceeds either in about one of a thousand comparisons (z 3.29; KS 1.95). */
export const surprising: Difference = { z: 3.29, ks: 1.95 };

export function compareSamples(a: readonly number[], b: readonly number[]): Difference {
  return { z: Math.abs(mannWhitney(a, b)), ks: kolmogorovSmirnov(a, b) };
}

/** Normal approximation, ties share their ranks. */
function mannWhitney(a: readonly number[], b: readonly number[]): number {
  const all = [...a.map((value) => ({ value, of: 0 })), ...b.map((value) => ({ value, of: 1 }))];
  all.sort((one, other) => one.value - other.value);
  let ranksOfA = 0;
  for (let at = 0; at < all.length;) {
    let end = at;
    while (end < all.length && all[end]?.value === all[at]?.value) end += 1;
    const rank = (at + 1 + end) / 2;
    for (let i = at; i < end; i += 1) if (all[i]?.of === 0) ranksOfA += rank;
    at = end;
  }
  const [n, m] = [a.length, b.length];
  const u = ranksOfA - (n * (n + 1)) / 2;
  return (u - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12);
}

function kolmogorovSmirnov(a: readonly number[], b: readonly number[]): number {
  const [left, right] = [sorted(a), sorted(b)];
  let gap = 0;
  for (const value of [...left, ...right]) {
    const difference = shareBelow(left, value) - shareBelow(right, value);
    gap = Math.max(gap, Math.abs(difference));
  }
  const [n, m] = [left.length, right.length];
  return gap / Math.sqrt((n + m) / (n * m));
}

function shareBelow(values: readonly number[], limit: number): number {
  return values.filter((value) => value <= limit).length / values.length;
}

function sorted(values: readonly number[]): readonly number[] {
  return [...values].sort((one, other) => one - other);
}
