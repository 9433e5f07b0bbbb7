const wordsPerKey = 4;
const smallest = 1_024;
const nothing = -1;

/** One key and where it was written last, as `writes` gives them. */
const writeBytes = 24;
/** Slots that are looked at between two turns of the event loop. */
const slotsAtOnce = 16_384;

/** A copied table. */
export interface SavedWriters {
  readonly words: Uint32Array;
  readonly positions: Float64Array;
}

/** Length of what `writes` gives. */
export function writesLength({ positions }: SavedWriters, oldest: number): number {
  let live = 0;
  for (const position of positions) if (position >= oldest) live += 1;
  return live * writeBytes;
}

/** What a table holds of `oldest` and later, in pieces: key (16 bytes), position (float64), little-endian. */
export function* writes(
  { words, positions }: SavedWriters,
  oldest: number,
): Generator<Uint8Array<ArrayBuffer>> {
  for (let from = 0; from < positions.length; from += slotsAtOnce) {
    const piece = new DataView(new ArrayBuffer(slotsAtOnce * writeBytes));
    let at = 0;
    for (let slot = from; slot < Math.min(positions.length, from + slotsAtOnce); slot++) {
      const position = positions[slot] as number;
      if (position < oldest) continue;
      for (let word = 0; word < wordsPerKey; word++) {
        piece.setUint32(at + word * 4, words[slot * wordsPerKey + word] as number, true);
      }
      piece.setFloat64(at + wordsPerKey * 4, position, true);
      at += writeBytes;
    }
    yield new Uint8Array(piece.buffer, 0, at);
  }
}

/**
 * The last position at which each key (16 bytes) was written, for the positions that a window still
 * holds. One open-addressing table of numbers: a reader does nothing but look keys up, and as texts in
 * a Map they cost more than judging the records. What has left the window is dropped when it grows.
 */
export class LastWriters {
  #words = new Uint32Array(smallest * wordsPerKey);
  #positions = new Float64Array(smallest).fill(nothing);
  #used = 0;
  readonly #key = new Uint32Array(wordsPerKey);
  #seed: number | undefined;

  /**
   * Spreads keys by something that nobody knows who chooses names, so that names cannot be chosen to
   * collide. The answers do not depend on it. Only the first call counts.
   */
  seed(bytes: Uint8Array): void {
    this.#seed ??= wordAt(bytes, 16);
  }

  /** Position of the last write; -1: none, or it lies below `oldest`. */
  get(key: Uint8Array, oldest: number): number {
    const position = this.#positions[this.#find(key)] as number;
    return position >= oldest ? position : nothing;
  }

  /** `oldest`: the first position of the window. */
  set(key: Uint8Array, position: number, oldest: number): void {
    const slot = this.#find(key);
    if (this.#positions[slot] === nothing) {
      this.#words.set(this.#key, slot * wordsPerKey);
      this.#used += 1;
    }
    this.#positions[slot] = position;
    if (this.#used * 5 > this.#positions.length * 3) this.#rebuild(oldest);
  }

  /** A copy: the table may go on. */
  save(): SavedWriters {
    return { words: this.#words.slice(), positions: this.#positions.slice() };
  }

  /** Takes in what `writes` made of another table. */
  load(writes: Uint8Array): void {
    const view = new DataView(writes.buffer, writes.byteOffset, writes.byteLength);
    for (let at = 0; at < writes.length; at += writeBytes) {
      this.set(writes.subarray(at), view.getFloat64(at + wordsPerKey * 4, true), 0);
    }
  }

  /** The slot of the key, or the empty one where it belongs. */
  #find(key: Uint8Array): number {
    const own = this.#key;
    for (let i = 0; i < wordsPerKey; i++) own[i] = wordAt(key, i * 4);
    const mask = this.#positions.length - 1;
    let slot = this.#hash(own, 0) & mask;
    while (this.#positions[slot] !== nothing && !this.#holds(slot)) slot = (slot + 1) & mask;
    return slot;
  }

  #holds(slot: number): boolean {
    const words = this.#words;
    const own = this.#key;
    const at = slot * wordsPerKey;
    return (
      words[at] === own[0] &&
      words[at + 1] === own[1] &&
      words[at + 2] === own[2] &&
      words[at + 3] === own[3]
    );
  }

  /** Keys are hashes already; what is mixed in here is the seed (finaliser of MurmurHash3). */
  #hash(words: Uint32Array, at: number): number {
    let h = (words[at] as number) ^ (this.#seed ?? 0);
    h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b) ^ (words[at + 1] as number);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
    return (h ^ (h >>> 16)) >>> 0;
  }

  #rebuild(oldest: number): void {
    const words = this.#words;
    const positions = this.#positions;
    let live = 0;
    for (const position of positions) if (position >= oldest && position !== nothing) live += 1;
    let size = smallest;
    while (size < live * 3) size *= 2;
    this.#words = new Uint32Array(size * wordsPerKey);
    this.#positions = new Float64Array(size).fill(nothing);
    this.#used = live;
    const mask = size - 1;
    for (const [from, position] of positions.entries()) {
      if (position === nothing || position < oldest) continue;
      let slot = this.#hash(words, from * wordsPerKey) & mask;
      while (this.#positions[slot] !== nothing) slot = (slot + 1) & mask;
      const at = from * wordsPerKey;
      this.#words.set(words.subarray(at, at + wordsPerKey), slot * wordsPerKey);
      this.#positions[slot] = position;
    }
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}
