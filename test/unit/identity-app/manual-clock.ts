import type { Clock } from '#libs/runtime/clock.js';

/** A clock that stands still until it is moved. Timers run as it passes them. */
export class ManualClock implements Clock {
  #nowMs: number;
  readonly #timers = new Map<object, { readonly atMs: number; readonly run: () => void }>();

  constructor(startMs = 1_800_000_000_000) {
    this.#nowMs = startMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }
  monotonicMs(): number {
    return this.#nowMs;
  }
  after(delayMs: number, run: () => void): () => void {
    const id = {};
    this.#timers.set(id, { atMs: this.#nowMs + delayMs, run });
    return () => void this.#timers.delete(id);
  }
  advance(ms: number): void {
    this.#nowMs += ms;
    for (const [id, timer] of this.#timers) {
      if (timer.atMs > this.#nowMs) continue;
      this.#timers.delete(id);
      timer.run();
    }
  }
}
