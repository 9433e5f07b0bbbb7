import type { Failure } from '#libs/errors/failure.js';
import type { Clock } from '#libs/runtime/clock.js';

interface Waiter {
  readonly position: number;
  readonly settle: (outcome: boolean | Failure) => void;
}

/** Who waits for a position, and who waits for the end of the log. */
export class PositionWaiters {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiter>();
  #caughtUp:
    | { promise: Promise<void>; resolve: () => void; reject: (f: Failure) => void }
    | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wait(position: number, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        position,
        settle: (outcome) => {
          cancel();
          this.#waiting.delete(waiter);
          if (typeof outcome === 'boolean') resolve(outcome);
          else reject(outcome);
        },
      };
      const cancel = this.#clock.after(timeoutMs, () => waiter.settle(false));
      this.#waiting.add(waiter);
    });
  }

  reached(position: number): void {
    for (const waiter of this.#waiting) if (waiter.position <= position) waiter.settle(true);
  }

  caughtUp(): Promise<void> {
    if (!this.#caughtUp) {
      let resolve = (): void => {};
      let reject = (_: Failure): void => {};
      const promise = new Promise<void>((yes, no) => {
        resolve = yes;
        reject = no;
      });
      promise.catch(() => {});
      this.#caughtUp = { promise, resolve, reject };
    }
    return this.#caughtUp.promise;
  }

  resolveCaughtUp(): void {
    this.#caughtUp?.resolve();
  }

  rejectAll(failure: Failure): void {
    for (const waiter of this.#waiting) waiter.settle(failure);
    this.#caughtUp?.reject(failure);
  }
}
