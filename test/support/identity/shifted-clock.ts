import { systemClock, type Clock } from '#libs/runtime/clock.js';

/** The system's clock, moved on by a test; ages and timers run as they do. */
export class ShiftedClock implements Clock {
  #shiftMs = 0;

  shift(ms: number): void {
    this.#shiftMs += ms;
  }

  wallMs(): number {
    return systemClock.wallMs() + this.#shiftMs;
  }

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  after(delayMs: number, run: () => void): () => void {
    return systemClock.after(delayMs, run);
  }
}
