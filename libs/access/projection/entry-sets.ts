import type { SetEntries } from './set-entries.js';
import { mix, SlotTable } from './slot-table.js';
import type { Stored } from './stored.js';

/** The set without entries. */
export const emptySet = 0;
/** Words before the entries of a set: length, uses, hash. */
export const setHeader = 3;

/**
 * Distinct sets of entries, each stored once however many subjects hold it. A set is named by the
 * offset of its block in `words`: `[length, uses, hash, entry, entry, …]`, entries ascending.
 */
export class EntrySets implements Stored {
  words = new Int32Array(1024);
  #end = setHeader;
  /** Freed blocks by length. */
  #free = new Map<number, number[]>();
  readonly #entries: SetEntries;
  readonly #slots = new SlotTable((set) => this.words[set + 2] as number);
  #scratch: number[] = [];

  constructor(entries: SetEntries) {
    this.#entries = entries;
  }

  lengthOf(set: number): number {
    return this.words[set] as number;
  }

  entryAt(set: number, index: number): number {
    return this.words[set + setHeader + index] as number;
  }

  /** Where the entry is in the set, or the complement (`~index`) of where it belongs. */
  search(set: number, entry: number): number {
    const length = this.lengthOf(set);
    for (let i = 0; i < length; i++) {
      const here = this.entryAt(set, i);
      if (here === entry) return i;
      if (here > entry) return ~i;
    }
    return ~length;
  }

  /** `set` with the entry put before the one at `index`; takes over the caller's use of `set`. */
  with(set: number, index: number, entry: number): number {
    this.#copy(set).splice(index, 0, entry);
    return this.#replace(set);
  }

  /** `set` without the entry at `index`; takes over the caller's use of `set`. */
  without(set: number, index: number): number {
    this.#copy(set).splice(index, 1);
    return this.#replace(set);
  }

  /** Gives up one use of a set. */
  release(set: number): void {
    if (set === emptySet) return;
    const uses = (this.words[set + 1] as number) - 1;
    this.words[set + 1] = uses;
    if (uses > 0) return;
    this.#slots.remove(set);
    const length = this.lengthOf(set);
    for (let i = 0; i < length; i++) this.#entries.release(this.entryAt(set, i));
    const free = this.#free.get(length);
    if (free === undefined) this.#free.set(length, [set]);
    else free.push(set);
  }

  save() {
    const { words } = this;
    return { words, end: this.#end, free: this.#free, slots: this.#slots.save() };
  }

  load({ words, end, free, slots }: ReturnType<EntrySets['save']>): void {
    this.words = words;
    this.#end = end;
    this.#free = free;
    this.#slots.load(slots);
  }

  #copy(set: number): number[] {
    this.#scratch = Array.from(
      this.words.subarray(set + setHeader, set + setHeader + this.lengthOf(set)),
    );
    return this.#scratch;
  }

  #replace(old: number): number {
    const next = this.#intern(this.#scratch);
    this.release(old);
    return next;
  }

  #intern(entries: readonly number[]): number {
    if (entries.length === 0) return emptySet;
    let hash = entries.length;
    for (const entry of entries) hash = mix(hash, entry);
    const slots = this.#slots;
    let set = -1;
    for (let slot = slots.start(hash); (set = slots.at(slot)) >= 0; slot = slots.next(slot)) {
      if (this.words[set + 2] !== hash || !this.#holds(set, entries)) continue;
      this.words[set + 1] = (this.words[set + 1] as number) + 1;
      return set;
    }
    set = this.#block(entries.length);
    this.words.set([entries.length, 1, hash, ...entries], set);
    slots.insert(set);
    for (const entry of entries) this.#entries.retain(entry);
    return set;
  }

  #holds(set: number, entries: readonly number[]): boolean {
    if (this.lengthOf(set) !== entries.length) return false;
    for (let i = 0; i < entries.length; i++) if (this.entryAt(set, i) !== entries[i]) return false;
    return true;
  }

  #block(length: number): number {
    const free = this.#free.get(length)?.pop();
    if (free !== undefined) return free;
    const block = this.#end;
    this.#end += setHeader + length;
    if (this.#end > this.words.length) {
      const grown = new Int32Array(Math.max(this.words.length * 2, this.#end));
      grown.set(this.words);
      this.words = grown;
    }
    return block;
  }
}
