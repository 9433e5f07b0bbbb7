import { createHmac, randomBytes } from 'node:crypto';

export interface LeakySketchOptions {
  /** Attempts that may come at once. */
  readonly burst: number;
  /** Attempts that are forgotten each second. */
  readonly perSecond: number;
  /** Cells in each row, a power of two. Memory: rows × width × 16 bytes, whatever the traffic. */
  readonly width?: number;
}

const ROWS = 4;

/**
 * Leaky buckets for any number of names in a fixed space: a count-min sketch whose cells drain. Two
 * names that share cells in every row share a bucket, so a name may be braked too early (odds about
 * names ÷ width, to the fourth power), never too late. Names are hashed under a random key per
 * process: nobody can choose a name that collides with a victim's.
 */
export class LeakySketch {
  readonly #burst: number;
  readonly #perMs: number;
  readonly #width: number;
  readonly #levels: Float64Array;
  readonly #touchedMs: Float64Array;
  readonly #key = randomBytes(32);

  constructor(options: LeakySketchOptions) {
    this.#burst = options.burst;
    this.#perMs = options.perSecond / 1000;
    this.#width = options.width ?? 16_384;
    this.#levels = new Float64Array(ROWS * this.#width);
    this.#touchedMs = new Float64Array(ROWS * this.#width);
  }

  /** Adds one attempt. Answers 0, or the ms to wait (then nothing was added). */
  take(name: string, nowMs: number): number {
    const cells = this.#cellsOf(name);
    const level = this.#drain(cells, nowMs);
    if (level + 1 > this.#burst) return Math.ceil((level + 1 - this.#burst) / this.#perMs);
    for (const cell of cells) this.#levels[cell] = Math.max(this.#levels[cell] ?? 0, level + 1);
    return 0;
  }

  /** Takes one attempt back. */
  giveBack(name: string, nowMs: number): void {
    const cells = this.#cellsOf(name);
    this.#drain(cells, nowMs);
    for (const cell of cells) this.#levels[cell] = Math.max(0, (this.#levels[cell] ?? 0) - 1);
  }

  #drain(cells: readonly number[], nowMs: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (const cell of cells) {
      const leaked = (nowMs - (this.#touchedMs[cell] ?? 0)) * this.#perMs;
      const level = Math.max(0, (this.#levels[cell] ?? 0) - leaked);
      this.#levels[cell] = level;
      this.#touchedMs[cell] = nowMs;
      least = Math.min(least, level);
    }
    return least;
  }

  #cellsOf(name: string): readonly number[] {
    const digest = createHmac('sha256', this.#key).update(name, 'utf8').digest();
    return Array.from(
      { length: ROWS },
      (_, row) => row * this.#width + (digest.readUInt32BE(4 * row) & (this.#width - 1)),
    );
  }
}
