/** One line of the result. `ratio` compares `value` with `baseline`, both of the same run. */
export interface Row {
  readonly name: string;
  /** Median of the runs. */
  readonly value: number;
  readonly unit: string;
  /** Median of what it is compared with; null: it stands for itself. */
  readonly baseline: number | null;
  /** Median of the ratios of runs that were made side by side; null without a baseline. */
  readonly ratio: number | null;
  readonly runs: number;
  /** Distance between the quartiles of what is aimed at (the ratio, or the value), relative to its median. */
  readonly spread: number;
}

/** What a row has to reach. */
export interface Aim {
  readonly kind: 'ratio' | 'value';
  readonly least?: number;
  readonly most?: number;
}

export interface MeasuredRow extends Row {
  readonly aim: Aim | undefined;
  /** What else is worth knowing: percentiles, processor time, what could not be measured here. */
  readonly note: string;
}

export function meets({ aim, ratio, value }: MeasuredRow): boolean {
  if (aim === undefined) return true;
  const reached = aim.kind === 'ratio' ? (ratio ?? Number.NaN) : value;
  return reached >= (aim.least ?? -Infinity) && reached <= (aim.most ?? Infinity);
}

/** Only what the result file holds. */
export function resultOf(row: MeasuredRow): Row {
  const { name, value, unit, baseline, ratio, runs, spread } = row;
  return {
    name,
    value: round(value),
    unit,
    baseline: orNull(baseline),
    ratio: orNull(ratio),
    runs,
    spread: round(spread),
  };
}

function orNull(value: number | null): number | null {
  return value === null ? null : round(value);
}

/** Four significant digits: more would be noise. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}
