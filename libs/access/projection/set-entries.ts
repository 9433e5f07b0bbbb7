import type { PrefixTexts } from './prefix-texts.js';
import { mix, SlotTable } from './slot-table.js';
import type { Stored } from './stored.js';

/** In place of a prefix: the entry is a membership, and its target a group's row. */
export const memberOf = -1;
/** An entry that never expires. */
export const never = Number.POSITIVE_INFINITY;

/**
 * What a subject can hold, each distinct thing once: (role, resource prefix, expiry) or a membership.
 * Counted by the sets that hold it and dropped with the last.
 */
export class SetEntries implements Stored {
  /** Role index, or the group's row where `prefix` is `memberOf`. */
  target = new Int32Array(64);
  /** Index into the prefix texts, or `memberOf`. */
  prefix = new Int32Array(64);
  /** Expiry, ms since the Unix epoch; `never`. */
  expiresAt = new Float64Array(64);
  #uses = new Int32Array(64);
  #length = 0;
  #free: number[] = [];
  readonly #prefixes: PrefixTexts;
  readonly #slots = new SlotTable((entry) => this.#hash(entry));
  readonly #bits = new Int32Array(2);
  readonly #double = new Float64Array(this.#bits.buffer);

  constructor(prefixes: PrefixTexts) {
    this.#prefixes = prefixes;
  }

  /** The entry for a grant. It must be put into a set at once: nothing else counts its use. */
  grant(role: number, prefixText: string, expiresAt: number): number {
    const prefix = this.#prefixes.find(prefixText);
    const found = prefix === undefined ? -1 : this.#find(role, prefix, expiresAt);
    if (found >= 0) return found;
    return this.#add(role, this.#prefixes.retain(prefixText), expiresAt);
  }

  /** The entry for a membership of the group at a row. */
  member(group: number): number {
    const found = this.#find(group, memberOf, never);
    return found >= 0 ? found : this.#add(group, memberOf, never);
  }

  retain(entry: number): void {
    this.#uses[entry] = (this.#uses[entry] as number) + 1;
  }

  release(entry: number): void {
    const left = (this.#uses[entry] as number) - 1;
    this.#uses[entry] = left;
    if (left > 0) return;
    this.#slots.remove(entry);
    const prefix = this.prefix[entry] as number;
    if (prefix !== memberOf) this.#prefixes.release(prefix);
    this.#free.push(entry);
  }

  save() {
    return {
      target: this.target,
      prefix: this.prefix,
      expiresAt: this.expiresAt,
      uses: this.#uses,
      length: this.#length,
      free: this.#free,
      slots: this.#slots.save(),
    };
  }

  load(saved: ReturnType<SetEntries['save']>): void {
    this.target = saved.target;
    this.prefix = saved.prefix;
    this.expiresAt = saved.expiresAt;
    this.#uses = saved.uses;
    this.#length = saved.length;
    this.#free = saved.free;
    this.#slots.load(saved.slots);
  }

  #find(target: number, prefix: number, expiresAt: number): number {
    const slots = this.#slots;
    let entry = -1;
    let slot = slots.start(this.#hashOf(target, prefix, expiresAt));
    for (; (entry = slots.at(slot)) >= 0; slot = slots.next(slot)) {
      if (
        this.target[entry] === target &&
        this.prefix[entry] === prefix &&
        this.expiresAt[entry] === expiresAt
      ) {
        return entry;
      }
    }
    return -1;
  }

  #add(target: number, prefix: number, expiresAt: number): number {
    const entry = this.#free.pop() ?? this.#length++;
    if (entry === this.target.length) this.#grow();
    this.target[entry] = target;
    this.prefix[entry] = prefix;
    this.expiresAt[entry] = expiresAt;
    this.#uses[entry] = 0;
    this.#slots.insert(entry);
    return entry;
  }

  #hash(entry: number): number {
    return this.#hashOf(
      this.target[entry] as number,
      this.prefix[entry] as number,
      this.expiresAt[entry] as number,
    );
  }

  #hashOf(target: number, prefix: number, expiresAt: number): number {
    this.#double[0] = expiresAt;
    const time = mix(this.#bits[0] as number, this.#bits[1] as number);
    return mix(mix(mix(0x9e37, target), prefix), time);
  }

  #grow(): void {
    const size = this.target.length * 2;
    this.target = grown(this.target, new Int32Array(size));
    this.prefix = grown(this.prefix, new Int32Array(size));
    this.#uses = grown(this.#uses, new Int32Array(size));
    this.expiresAt = grown(this.expiresAt, new Float64Array(size));
  }
}

function grown<A extends Int32Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
