import type { Clock } from '#libs/runtime/clock.js';

/**
 * Wakes the tails of one log as soon as this process has committed to it. Everything in the process
 * that opens the same log shares one bell, so nobody waits for a poll.
 */
export class CommitBell {
  readonly #waiting = new Set<() => void>();

  ring(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Resolves at the next ring, after `timeoutMs`, or when `signal` is aborted. */
  wait(clock: Clock, timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wake = (): void => {
        cancel();
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      const cancel = clock.after(timeoutMs, wake);
      signal.addEventListener('abort', wake, { once: true });
      this.#waiting.add(wake);
    });
  }
}

const bells = new Map<string, CommitBell>();

/** The bell of one log; `key` names the directory and the log. */
export function bellOf(key: string): CommitBell {
  let bell = bells.get(key);
  if (bell === undefined) {
    bell = new CommitBell();
    bells.set(key, bell);
  }
  return bell;
}
