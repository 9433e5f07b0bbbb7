import type { Random } from '#libs/runtime/ids.js';

const prefixBytes = 9;

/**
 * Names of decisions: 72 random bits of this process and a count. Unique, cheap, and they tell nothing
 * but the order in which one process decided.
 */
export class DecisionIds {
  readonly #prefix: string;
  #count = 0;

  constructor(random: Random) {
    this.#prefix = `${Buffer.from(random.bytes(prefixBytes)).toString('base64url')}-`;
  }

  /** Of this process: what all its ids begin with. */
  get instance(): string {
    return this.#prefix.slice(0, -1);
  }

  next(): string {
    this.#count += 1;
    return this.#prefix + this.#count.toString(36);
  }
}
