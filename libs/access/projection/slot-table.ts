import type { Stored } from './stored.js';

/** Hash of a value that is in the table; asked again when the table grows or closes a gap. */
export type HashOf = (value: number) => number;

/**
 * Open addressing (linear probing) over one typed array: maps hashes to small integers, 4 bytes a
 * slot. The owner compares: `for (let i = t.start(h); (v = t.at(i)) >= 0; i = t.next(i)) …`.
 */
export class SlotTable implements Stored {
  #slots = new Int32Array(16);
  #count = 0;
  readonly #hashOf: HashOf;

  constructor(hashOf: HashOf) {
    this.#hashOf = hashOf;
  }

  start(hash: number): number {
    return hash & (this.#slots.length - 1);
  }

  next(index: number): number {
    return (index + 1) & (this.#slots.length - 1);
  }

  /** The value at a slot, or −1 where the probe ends. */
  at(index: number): number {
    return (this.#slots[index] as number) - 1;
  }

  /** Puts a value that is not there yet. */
  insert(value: number): void {
    if ((this.#count + 1) * 5 > this.#slots.length * 4) this.#grow();
    this.#count += 1;
    this.#put(value);
  }

  /** Takes out a value, if it is there, and closes the gap (no tombstones: churn leaves nothing). */
  remove(value: number): void {
    let gap = this.start(this.#hashOf(value));
    for (; this.at(gap) !== value; gap = this.next(gap)) if (this.at(gap) < 0) return;
    this.#count -= 1;
    for (let i = this.next(gap); this.at(i) >= 0; i = this.next(i)) {
      const home = this.start(this.#hashOf(this.at(i)));
      const distance = (i - home) & (this.#slots.length - 1);
      if (distance < ((i - gap) & (this.#slots.length - 1))) continue;
      this.#slots[gap] = this.#slots[i] as number;
      gap = i;
    }
    this.#slots[gap] = 0;
  }

  save() {
    return { slots: this.#slots, count: this.#count };
  }

  load({ slots, count }: ReturnType<SlotTable['save']>): void {
    this.#slots = slots;
    this.#count = count;
  }

  #put(value: number): void {
    let index = this.start(this.#hashOf(value));
    while (this.at(index) >= 0) index = this.next(index);
    this.#slots[index] = value + 1;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2);
    for (const slot of old) if (slot !== 0) this.#put(slot - 1);
  }
}

/** Mixes a word into a hash (the finalizer of MurmurHash3): a signed 32-bit number. */
export function mix(hash: number, word: number): number {
  let h = Math.imul(hash ^ word, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
