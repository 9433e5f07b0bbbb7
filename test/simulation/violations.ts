import type { Findings } from './simulate.js';

/** The findings that must be 0 in every run. */
export const violations = [
  'lost',
  'doubled',
  'duplicateNames',
  'zombies',
  'skews',
  'disagreements',
  'stuck',
] as const satisfies readonly (keyof Findings)[];

export type Violation = (typeof violations)[number];

export function violated(findings: Findings): Violation[] {
  return violations.filter((name) => findings[name] > 0);
}
