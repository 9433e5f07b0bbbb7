import type { Clock } from '#libs/runtime/clock.js';

/** An answer that did not come in time. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';
}

/** The result of `work`, or a rejection with TimedOut after `timeoutMs`; `work` itself goes on. */
export function within<T>(
  clock: Clock,
  timeoutMs: number,
  what: string,
  work: Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(Math.max(timeoutMs, 0), () => {
      reject(new TimedOut(`${what} did not answer within ${Math.round(timeoutMs)} ms`));
    });
    work.then(resolve, reject).finally(cancel);
  });
}

/** The result of `work`, or `undefined` as soon as `signal` is aborted. */
export function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
