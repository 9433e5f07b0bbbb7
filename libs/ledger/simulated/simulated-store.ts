import type { LogRecord } from '#libs/ledger/event-log.js';

/** The entries of one simulated log, shared by all its handles: what a broker would hold. */
export class SimulatedStore {
  readonly #wallMs: () => number;
  readonly #entries: LogRecord[] = [];
  readonly #listeners = new Set<() => void>();
  #start = 0;
  /** Counts how often the log was cut. */
  cuts = 0;

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** The first position that was not trimmed away. */
  get start(): number {
    return this.#start;
  }

  at(position: number): LogRecord | undefined {
    return position < this.#start ? undefined : this.#entries[position];
  }

  from(position: number, limit: number): LogRecord[] {
    return this.#entries.slice(position, position + limit);
  }

  /** Appends all values next to each other; returns the first position. */
  append(values: readonly (Uint8Array | null)[], control = false): number {
    const first = this.#entries.length;
    for (const [i, value] of values.entries()) {
      const copy = value === null ? null : Uint8Array.from(value);
      const appendedAtMs = this.#wallMs();
      this.#entries.push({ position: first + i, value: copy, control, appendedAtMs });
    }
    for (const listener of this.#listeners) listener();
    return first;
  }

  /** Loses the entries from `length` on, as a broker may after an unclean change of leader. */
  cut(length: number): void {
    if (length >= this.#entries.length) return;
    this.#entries.length = length;
    this.cuts++;
    for (const listener of this.#listeners) listener();
  }

  /** Forgets the entries below `before`. */
  trim(before: number): void {
    this.#start = Math.max(this.#start, before);
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
