interface Entry<V> {
  readonly value: V;
  readonly untilMs: number;
}

/** Lookups since the start of the process. */
export interface CacheUse {
  readonly hits: number;
  readonly misses: number;
}

/**
 * A cache bounded by count and by lifetime. Two generations: when the young one is full it becomes the
 * old one, and what is not asked for meanwhile is forgotten with it. Nothing is ever searched for an
 * entry to drop. It says nothing about whether a value still holds: whoever uses one checks that.
 */
export class BoundedCache<V> {
  #young = new Map<string, Entry<V>>();
  #old = new Map<string, Entry<V>>();
  readonly #mostYoung: number;
  readonly #longestMs: number;

  /** Holds at least half of `most` entries, and never more than `most`. */
  constructor(most: number, longestMs: number) {
    this.#mostYoung = most / 2;
    this.#longestMs = longestMs;
  }

  /** Lookups that found something, and that did not. */
  readonly use = { hits: 0, misses: 0 };

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: string, nowMs: number): V | undefined {
    const entry = this.#young.get(key) ?? this.#promote(key);
    if (entry !== undefined && nowMs < entry.untilMs) {
      this.use.hits += 1;
      return entry.value;
    }
    this.use.misses += 1;
    if (entry !== undefined) this.#young.delete(key);
    return undefined;
  }

  /** `goodUntilMs`: ms since the Unix epoch. */
  set(key: string, value: V, nowMs: number, goodUntilMs: number): void {
    const untilMs = Math.min(goodUntilMs, nowMs + this.#longestMs);
    this.delete(key);
    if (untilMs > nowMs) this.#add(key, { value, untilMs });
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }

  /** Drops what has outlived its time without having been asked for again. */
  sweep(nowMs: number): void {
    for (const generation of [this.#young, this.#old]) {
      for (const [key, { untilMs }] of generation) {
        if (!(nowMs < untilMs)) generation.delete(key);
      }
    }
  }

  #promote(key: string): Entry<V> | undefined {
    const entry = this.#old.get(key);
    if (entry === undefined) return undefined;
    this.#old.delete(key);
    this.#add(key, entry);
    return entry;
  }

  #add(key: string, entry: Entry<V>): void {
    if (this.#young.size >= this.#mostYoung) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, entry);
  }
}
