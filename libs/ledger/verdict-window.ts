import { chainStart } from './chain.js';
import { LastWriters, type SavedWriters } from './last-writers.js';
import { sha256 } from './record.js';

/** How far back a writer's snapshot may lie: part of the rule, the same for every reader. */
export const windowSize = 65_536;

/** What the window keeps of one judged record; a snapshot stores these. */
export interface WindowEntry {
  readonly position: number;
  readonly chain: Uint8Array;
  readonly accepted: boolean;
  /** Keys it wrote; empty when void. */
  readonly writes: readonly Uint8Array[];
}

/** A copy of a whole window, as a snapshot stores it. */
export interface SavedWindow {
  readonly position: number;
  readonly acceptedCount: number;
  /** 32 bytes a slot. */
  readonly chains: Uint8Array;
  /** 1: accepted; one byte a slot. */
  readonly verdicts: Uint8Array;
  /** First position of the window. */
  readonly oldest: number;
  readonly writers: SavedWriters;
}

/** The state that the rule needs: the last 65,536 chains and verdicts, and who wrote which key last. */
export class VerdictWindow {
  /** `windowSize`; simulations run the same rule with a small one. */
  readonly size: number;
  readonly #chains: Buffer;
  readonly #accepted: Uint8Array;
  readonly #lastWriters = new LastWriters();
  #position = -1;
  #acceptedCount = 0;

  constructor(size = windowSize) {
    this.size = size;
    this.#chains = Buffer.alloc(size * 32);
    this.#accepted = new Uint8Array(size);
  }

  /** Last judged position; -1: none. */
  get position(): number {
    return this.#position;
  }

  /** Number of accepted records up to and including `position`. */
  get acceptedCount(): number {
    return this.#acceptedCount;
  }

  /** The 32-byte chain at a position of the window, -1 included; `undefined` outside. */
  chainAt(position: number): Uint8Array | undefined {
    if (position === -1) return this.#position < this.size ? chainStart : undefined;
    if (position > this.#position || position <= this.#position - this.size) return undefined;
    const at = (position % this.size) * 32;
    return this.#chains.subarray(at, at + 32);
  }

  /** The verdict at a position of the window; false outside. */
  acceptedAt(position: number): boolean {
    if (position < 0 || position > this.#position) return false;
    return position > this.#position - this.size && this.#accepted[position % this.size] === 1;
  }

  /** Chain at `position`. */
  get chain(): Uint8Array {
    return this.chainAt(this.#position) ?? chainStart;
  }

  /** Last position at which an accepted record wrote the key; -1: not within the window. */
  lastWrite(key: Uint8Array): number {
    return this.#lastWriters.get(key, Math.max(0, this.#position - this.size + 1));
  }

  push(entry: WindowEntry): void {
    const slot = entry.position % this.size;
    this.#chains.set(entry.chain, slot * 32);
    this.#accepted[slot] = entry.accepted ? 1 : 0;
    const oldest = Math.max(0, entry.position - this.size + 1);
    this.#lastWriters.seed(entry.chain);
    for (const key of entry.writes) this.#lastWriters.set(key, entry.position, oldest);
    this.#position = entry.position;
    if (entry.accepted) this.#acceptedCount++;
  }

  /** Rebuilds from stored entries in order of position, the last one at the snapshot's position. */
  static restore(
    entries: Iterable<WindowEntry>,
    acceptedCount: number,
    size = windowSize,
  ): VerdictWindow {
    const window = new VerdictWindow(size);
    for (const entry of entries) window.push(entry);
    window.#acceptedCount = acceptedCount;
    return window;
  }

  save(): SavedWindow {
    const slots = Math.min(this.size, this.#position + 1);
    return {
      position: this.#position,
      acceptedCount: this.#acceptedCount,
      chains: Uint8Array.from(this.#chains.subarray(0, slots * 32)),
      verdicts: this.#accepted.slice(0, slots),
      oldest: Math.max(0, this.#position - this.size + 1),
      writers: this.#lastWriters.save(),
    };
  }

  /** Chain at the position of a saved window. */
  static chainIn({ position, chains }: Pick<SavedWindow, 'position' | 'chains'>): Uint8Array {
    const at = (position % (chains.length / 32)) * 32;
    return position < 0 ? chainStart : chains.subarray(at, at + 32);
  }

  /** The window that `save` of another one of the same size gave; `written`: what `writes` made of it. */
  static load(
    saved: Omit<SavedWindow, 'writers' | 'oldest'>,
    written: Uint8Array,
    size = windowSize,
  ): VerdictWindow {
    const window = new VerdictWindow(size);
    window.#chains.set(saved.chains);
    window.#accepted.set(saved.verdicts);
    window.#position = saved.position;
    window.#acceptedCount = saved.acceptedCount;
    window.#lastWriters.seed(window.chain);
    window.#lastWriters.load(written);
    return window;
  }

  /**
   * SHA-256 ("LGV1" ‖ uint64 position ‖ uint64 accepted ‖ one byte a verdict, oldest first, of the
   * last 32,768) as of a position; `undefined` when it lies too far back. An alarm, not an input.
   */
  verdictHash(position: number): Uint8Array | undefined {
    if (position < 0 || position > this.#position) return undefined;
    const from = Math.max(0, position - this.size / 2 + 1);
    if (from <= this.#position - this.size) return undefined;
    let accepted = this.#acceptedCount;
    for (let p = position + 1; p <= this.#position; p++) {
      accepted -= this.#accepted[p % this.size] ?? 0;
    }
    const input = Buffer.alloc(20 + position - from + 1);
    input.write('LGV1', 0, 'latin1');
    input.writeBigUInt64BE(BigInt(position), 4);
    input.writeBigUInt64BE(BigInt(accepted), 12);
    for (let p = from; p <= position; p++) {
      input[20 + p - from] = this.#accepted[p % this.size] ?? 0;
    }
    return sha256(input);
  }
}

/** A key as a map key: one latin1 character a byte. */
export function keyString(key: Uint8Array): string {
  const bytes = Buffer.isBuffer(key)
    ? key
    : Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  return bytes.toString('latin1');
}
