import type { AppendFate, Network } from '#libs/ledger/simulated/simulated-log.js';
import type { SeededRandom } from '../support/ledger/seeded-random.js';

/** How bad the world is; probabilities per append unless said otherwise. */
export interface Faults {
  readonly refused: number;
  readonly lost: number;
  readonly replyLost: number;
  readonly delayed: number;
  readonly doubled: number;
  /** Acknowledged, yet never written (seen at a real client library). */
  readonly falseAck: number;
  /** Per fetch. */
  readonly disconnect: number;
  /** Mean number of each in one run. */
  readonly pauses: number;
  readonly crashes: number;
  readonly cuts: number;
  readonly outages: number;
  /** Records written by somebody without the mac key. */
  readonly forgeries: number;
  /** Per batch: the state takes half of it and throws (a full disk, a bug). */
  readonly foldErrors: number;
  /** How far the wall clock of one instance may be off, ms. */
  readonly skewMs: number;
}

export const noFaults: Faults = {
  refused: 0,
  lost: 0,
  replyLost: 0,
  delayed: 0,
  doubled: 0,
  falseAck: 0,
  disconnect: 0,
  pauses: 0,
  crashes: 0,
  cuts: 0,
  outages: 0,
  forgeries: 0,
  foldErrors: 0,
  skewMs: 0,
};

/** The mixture of one seed: every kind of fault is there in some seeds and absent in others. */
export function drawFaults(random: SeededRandom): Faults {
  const some = (most: number): number => (random.chance(0.6) ? random.between(0, most) : 0);
  return {
    refused: some(0.05),
    lost: some(0.08),
    replyLost: some(0.08),
    delayed: some(0.08),
    doubled: some(0.08),
    falseAck: some(0.05),
    disconnect: some(0.02),
    pauses: some(6),
    crashes: some(6),
    cuts: random.chance(0.3) ? 1 + random.below(2) : 0,
    outages: some(2),
    forgeries: some(8),
    foldErrors: random.chance(0.3) ? random.between(0, 0.01) : 0,
    skewMs: random.chance(0.3) ? random.between(1_000, 10_000_000) : 0,
  };
}

/** A network that draws each fate from the seed. `state.healed` makes it perfect. */
export class FaultyNetwork implements Network {
  readonly #random: SeededRandom;
  readonly #faults: Faults;
  readonly #state: { healed: boolean; down: boolean };

  constructor(random: SeededRandom, faults: Faults, state: { healed: boolean; down: boolean }) {
    this.#random = random;
    this.#faults = faults;
    this.#state = state;
  }

  append(): AppendFate {
    const random = this.#random;
    const there = random.between(0.3, 2);
    const back = random.between(0.3, 2);
    const timeoutMs = 1_000;
    const usual = { arrivals: [there], acknowledgedAfter: there + back, timeoutMs };
    if (this.#state.healed) return usual;
    if (this.#state.down) return { arrivals: [], timeoutMs };
    const { refused, lost, replyLost, delayed, doubled, falseAck } = this.#faults;
    let draw = random.next();
    const hit = (probability: number): boolean => {
      draw -= probability;
      return draw < 0;
    };
    if (hit(refused)) return { ...usual, refused: true };
    if (hit(lost)) return { arrivals: [], timeoutMs };
    if (hit(replyLost)) return { arrivals: [there], timeoutMs };
    if (hit(delayed)) return { arrivals: [random.between(900, 8_000)], timeoutMs };
    if (hit(doubled)) return { ...usual, arrivals: [there, there + random.between(0, 3_000)] };
    if (hit(falseAck)) return { ...usual, arrivals: [] };
    return usual;
  }

  fetchDelayMs(): number {
    if (this.#state.down && !this.#state.healed) return 400;
    return this.#random.chance(0.02) ? this.#random.between(5, 300) : this.#random.between(0.2, 2);
  }

  disconnects(): boolean {
    return !this.#state.healed && this.#random.chance(this.#faults.disconnect);
  }
}
