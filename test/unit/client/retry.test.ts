import { describe, expect, it } from 'vitest';
import { LedgateError } from '#libs/client/ledgate-error.js';
import { RetryBudget, withRetries } from '#libs/client/rpc/retry.js';
import { type Clock } from '#libs/runtime/clock.js';

/** Time that passes only when somebody waits. */
function virtualClock(): Clock & { waits: number[]; at: number } {
  const clock = {
    waits: [] as number[],
    at: 0,
    wallMs: () => clock.at,
    monotonicMs: () => clock.at,
    after: (delayMs: number, run: () => void) => {
      clock.waits.push(delayMs);
      clock.at += delayMs;
      queueMicrotask(run);
      return () => undefined;
    },
  };
  return clock;
}

const gone = (retryAfterMs?: number) =>
  new LedgateError('UNDECIDED', 'gone', { reason: 'UNAVAILABLE', retryable: true, retryAfterMs });

/** Runs attempts that fail with `failures` in turn and then succeed. */
async function run(
  failures: readonly unknown[],
  { deadlineMs = 250, budget = new RetryBudget(), random = () => 0.5 } = {},
) {
  const clock = virtualClock();
  let attempts = 0;
  const attempt = async (number: number) => {
    expect(number).toBe(attempts);
    attempts += 1;
    if (number < failures.length) throw failures[number];
    return 'answer';
  };
  const result = await withRetries(attempt, deadlineMs, { clock, random, budget }).catch(
    (error: unknown) => error,
  );
  return { result, attempts, waits: clock.waits };
}

describe('withRetries', () => {
  it('asks once when it succeeds', async () => {
    expect(await run([])).toEqual({ result: 'answer', attempts: 1, waits: [] });
  });

  it('tries again with growing, jittered delays', async () => {
    const { result, waits } = await run([gone(), gone(), gone()], { random: () => 0.5 });
    expect(result).toBe('answer');
    expect(waits).toEqual([5, 10, 20]);
  });

  it('gives up after four attempts with the last error', async () => {
    const last = gone();
    const { result, attempts } = await run([gone(), gone(), gone(), last]);
    expect(result).toBe(last);
    expect(attempts).toBe(4);
  });

  it('never retries what is not retryable', async () => {
    const error = new LedgateError('CALLER_REFUSED', 'no', { reason: 'UNAUTHENTICATED' });
    expect(await run([error])).toMatchObject({ result: error, attempts: 1 });
    const other = new TypeError('a bug');
    expect(await run([other])).toMatchObject({ result: other, attempts: 1 });
  });

  it('waits as long as the authorizer asks for', async () => {
    expect((await run([gone(120)])).waits).toEqual([120]);
  });

  it('does not wait past the deadline', async () => {
    const error = gone(250);
    expect(await run([error])).toEqual({ result: error, attempts: 1, waits: [] });
  });

  it('stops retrying when the budget is spent, and starts again when calls succeed', async () => {
    const budget = new RetryBudget(3);
    expect((await run([gone()], { budget })).attempts).toBe(2);
    const spent = gone();
    expect(await run([spent], { budget })).toMatchObject({ result: spent, attempts: 1 });
    for (let i = 0; i < 40; i += 1) await run([], { budget });
    expect((await run([gone()], { budget })).attempts).toBe(2);
  });
});
