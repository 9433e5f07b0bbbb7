/** Slots at the start; doubled whenever half of them are taken. */
const FIRST_SLOTS = 1_024;

/**
 * A set of ids, of which it keeps 53 bits each: millions fit into memory. It may say that it has an id
 * which it was never given (once in about 10^9 questions with 10^6 ids), never the other way round.
 */
export class HashedIds {
  #slots = new Float64Array(FIRST_SLOTS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(id: string): void {
    const hash = hashOf(id);
    const slot = slotOf(this.#slots, hash);
    if (this.#slots[slot] === hash) return;
    this.#slots[slot] = hash;
    this.#size += 1;
    if (this.#size * 2 > this.#slots.length) this.#grow();
  }

  has(id: string): boolean {
    const hash = hashOf(id);
    return this.#slots[slotOf(this.#slots, hash)] === hash;
  }

  #grow(): void {
    const larger = new Float64Array(this.#slots.length * 2);
    for (const hash of this.#slots) if (hash !== 0) larger[slotOf(larger, hash)] = hash;
    this.#slots = larger;
  }
}

/** The slot of the hash, or the free one where it belongs. */
function slotOf(slots: Float64Array, hash: number): number {
  let slot = hash % slots.length;
  while (slots[slot] !== 0 && slots[slot] !== hash) slot = (slot + 1) % slots.length;
  return slot;
}

/** Two FNV-1a hashes from different starts, cut to 53 bits; never 0. */
function hashOf(id: string): number {
  let [high, low] = [0x811c9dc5, 0x9e3779b9];
  for (let at = 0; at < id.length; at++) {
    const code = id.charCodeAt(at);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ (code + at), 0x01000193);
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0) + 1;
}
