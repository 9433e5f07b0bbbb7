interface Entry<V> {
  readonly value: V;
  readonly untilMs: number;
}

/**
 * A cache bounded by count and by lifetime: the oldest entry makes room for a new one. It says nothing
 * about whether a value still holds: whoever uses one checks that.
 */
export class BoundedCache<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #most: number;
  readonly #longestMs: number;

  constructor(most: number, longestMs: number) {
    this.#most = most;
    this.#longestMs = longestMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string, nowMs: number): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (nowMs < entry.untilMs) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  /** `goodUntilMs`: ms since the Unix epoch. */
  set(key: string, value: V, nowMs: number, goodUntilMs: number): void {
    this.#entries.delete(key);
    const untilMs = Math.min(goodUntilMs, nowMs + this.#longestMs);
    if (!(untilMs > nowMs)) return;
    if (this.#entries.size >= this.#most) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(key, { value, untilMs });
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** Drops what has outlived its time without having been asked for again. */
  sweep(nowMs: number): void {
    for (const [key, { untilMs }] of this.#entries) {
      if (!(nowMs < untilMs)) this.#entries.delete(key);
    }
  }
}
