import type { CheckpointFacts } from '#libs/events/control-codec.js';
import { verdictBy } from '#libs/ledger/checkpoint.js';
import type { MacCheck } from '#libs/ledger/judge.js';

/**
 * What signed statements say of verdicts, in place of the ledger keys that an auditor does not have: a
 * record that counted was rightly authenticated. Where nothing is stated, it is taken to be.
 */
export class StatedVerdicts implements MacCheck {
  readonly ids: readonly number[] = [];
  readonly #stated: Uint8Array;
  /** The position that is being judged. */
  position = 0;
  /** Positions whose verdict nobody stated. */
  unstated = 0;

  constructor(end: number) {
    this.#stated = new Uint8Array(end);
  }

  /** Takes in a statement whose signature was verified. */
  take(statement: CheckpointFacts): void {
    const { position, verdictCount } = statement;
    for (let p = Math.max(0, position - verdictCount + 1); p <= position; p++) {
      if (p >= this.#stated.length) return;
      this.#stated[p] = verdictBy(statement, p) === true ? 2 : 1;
    }
  }

  /** `undefined`: nobody says. */
  at(position: number): boolean | undefined {
    const stated = this.#stated[position] ?? 0;
    return stated === 0 ? undefined : stated === 2;
  }

  has(): boolean {
    return true;
  }

  verify(): boolean {
    const stated = this.at(this.position);
    if (stated === undefined) this.unstated += 1;
    return stated ?? true;
  }
}
