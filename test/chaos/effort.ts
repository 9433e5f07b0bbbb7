/**
 * Each round is a cell of its own, killed some dozen times: one by default, which fits into minutes
 * (CI); `CHAOS=long` goes on for hours.
 */
export const rounds = Array.from(
  { length: process.env['CHAOS'] === 'long' ? 25 : 1 },
  (_, i) => i + 1,
);

/** Prints one line of figures. */
export function report(title: string, figures: Readonly<Record<string, number>>): void {
  const parts = Object.entries(figures).map(([name, value]) => `${name} ${Math.round(value)}`);
  process.stdout.write(`chaos, ${title}: ${parts.join(', ')}\n`);
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
