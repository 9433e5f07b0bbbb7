import { systemClock, type Clock } from '#libs/runtime/clock.js';

/** Wall time as a test says; ages and timers run as they do. */
export class SettableClock implements Clock {
  #wallMs: number;

  constructor(wallMs: number) {
    this.#wallMs = wallMs;
  }

  set(wallMs: number): void {
    this.#wallMs = wallMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  after(delayMs: number, run: () => void): () => void {
    return systemClock.after(delayMs, run);
  }
}
