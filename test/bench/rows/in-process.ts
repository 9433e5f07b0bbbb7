import { checkInProcess } from '../check-in-process.js';
import type { Bench } from '../measure/bench.js';
import type { MeasuredRow } from '../measure/row.js';
import { median, spreadOf } from '../measure/statistics.js';
import { projectionBytes } from '../projection-bytes.js';

/** One decision in the process of the evaluator, ids as text: time, and what it allocates. */
export async function checkRow(bench: Bench): Promise<MeasuredRow> {
  const { value, unit, runs, spread, allocated } = checkInProcess(bench.short ? 5 : 9);
  const note = `${allocated.toFixed(3)} bytes allocated a check`;
  const row = { name: 'check_in_process', value, unit, runs, spread: spread / value };
  const aim = { kind: 'value', most: allocated < 1 ? 1 : 0 } as const;
  return { ...row, baseline: null, ratio: null, aim, note };
}

/** Memory of the view for each principal of 3 grants, at two sizes. */
export async function projectionRows(bench: Bench): Promise<MeasuredRow[]> {
  const sizes = bench.short ? [100_000] : [100_000, 1_000_000];
  return sizes.map((principals) => {
    const runs = principals > 100_000 ? 1 : 3;
    const values = Array.from({ length: runs }, () => projectionBytes(principals).value);
    return {
      name: `projection_bytes_per_principal_${principals / 1000}k`,
      value: median(values),
      unit: 'B',
      baseline: null,
      ratio: null,
      runs,
      spread: runs === 1 ? 0 : spreadOf(values),
      aim: { kind: 'value', most: 100 } as const,
      note: `${principals} principals with a password and 3 grants each`,
    };
  });
}
