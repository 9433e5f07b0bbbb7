/** How much chaos: `CHAOS=long` for hours; by default what fits into minutes (CI). */
export const effort = process.env['CHAOS'] === 'long' ? 25 : 1;

/** Prints one line of figures. */
export function report(title: string, figures: Readonly<Record<string, number>>): void {
  const parts = Object.entries(figures).map(([name, value]) => `${name} ${Math.round(value)}`);
  process.stdout.write(`chaos, ${title}: ${parts.join(', ')}\n`);
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
