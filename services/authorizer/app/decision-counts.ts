import type { Outcome } from './answers.js';

export interface DecisionCount {
  readonly outcome: Outcome;
  readonly reason: string;
  readonly count: number;
}

/** How often each reason was given: plain numbers, read when metrics are asked for. */
export class DecisionCounts {
  readonly #counts = new Map<string, { readonly outcome: Outcome; count: number }>();

  /** `reason` is one of a closed set, and so is what this holds. */
  count(outcome: Outcome, reason: string): void {
    const known = this.#counts.get(reason);
    if (known === undefined) this.#counts.set(reason, { outcome, count: 1 });
    else known.count += 1;
  }

  all(): DecisionCount[] {
    return [...this.#counts].map(([reason, { outcome, count }]) => ({ reason, outcome, count }));
  }
}
