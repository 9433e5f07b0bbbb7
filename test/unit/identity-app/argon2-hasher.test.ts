import { describe, expect, it } from 'vitest';
import { systemClock } from '#libs/runtime/clock.js';
import { Argon2Hasher, minimalCost } from '#services/identity/adapters/argon2-hasher.js';
import { hashThreads } from '#services/identity/adapters/thread-pool.js';
import { WorkQueue } from '#services/identity/adapters/work-queue.js';
import { ManualClock } from './manual-clock.js';

const hasher = new Argon2Hasher({ clock: systemClock, parallel: 2 });

describe('argon2 hasher', () => {
  it('makes argon2id hashes of at least the minimum cost (ASVS 11.4.2)', async () => {
    const stored = await hasher.hash('wandering teapots hum');
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/u);
    expect(hasher.params).toBe('argon2id$m=19456,t=2,p=1');
    expect(await hasher.verify(stored, 'wandering teapots hum')).toBe(true);
    expect(await hasher.verify(stored, 'wandering teapots hun')).toBe(false);
  });

  it('does not truncate', async () => {
    const long = 'x'.repeat(999);
    const stored = await hasher.hash(`${long}a`);
    expect(await hasher.verify(stored, `${long}b`)).toBe(false);
  });

  it('without a stored hash does the same work and says no', async () => {
    const dummy = await hasher.dummyHash();
    expect(dummy).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/u);
    expect(await hasher.verify(undefined, 'anything')).toBe(false);
  });

  it('asks for a new hash when the parameters have risen', async () => {
    const stronger = new Argon2Hasher({
      clock: systemClock,
      parallel: 1,
      cost: { ...minimalCost, timeCost: 3 },
    });
    const stored = await hasher.hash('wandering teapots hum');
    expect(hasher.needsRehash(stored)).toBe(false);
    expect(stronger.needsRehash(stored)).toBe(true);
    expect(await stronger.verify(stored, 'wandering teapots hum')).toBe(true);
  });
});

describe('work queue', () => {
  it('runs so many jobs at once, queues up to the time limit, refuses beyond it', async () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ clock, parallel: 2, maxWaitMs: 100, expectedJobMs: 50 });
    const finish: (() => void)[] = [];
    const job = (): Promise<void> => new Promise((resolve) => void finish.push(resolve));
    const running = Array.from({ length: 6 }, () => queue.run(job));
    expect(finish).toHaveLength(2);
    expect(queue.depth).toBe(4);
    await expect(queue.run(job)).rejects.toMatchObject({ reason: 'OVERLOADED', retryAfterMs: 63 });
    for (let done = 0; done < 6; done += 1) {
      finish[done]?.();
      await running[done];
    }
    expect(finish).toHaveLength(6);
    expect(queue.depth).toBe(0);
  });

  it('forgets a job whose caller gave up', async () => {
    const queue = new WorkQueue({
      clock: new ManualClock(),
      parallel: 1,
      maxWaitMs: 100,
      expectedJobMs: 1,
    });
    let finish = (): void => {};
    const first = queue.run(() => new Promise<void>((resolve) => void (finish = resolve)));
    const abort = new AbortController();
    let ran = false;
    const second = queue.run(async () => void (ran = true), abort.signal);
    abort.abort();
    await expect(second).rejects.toMatchObject({ reason: 'CANCELLED' });
    finish();
    await first;
    expect(ran).toBe(false);
    await queue.run(async () => {});
  });

  it('frees the slot of a job that failed', async () => {
    const queue = new WorkQueue({
      clock: new ManualClock(),
      parallel: 1,
      maxWaitMs: 100,
      expectedJobMs: 1,
    });
    await expect(queue.run(() => Promise.reject(new Error('x')))).rejects.toThrow('x');
    await expect(queue.run(async () => 7)).resolves.toBe(7);
  });
});

describe('hash threads', () => {
  it.each([
    [2, '6', 2, false],
    [2, undefined, 2, true],
    [8, '4', 2, true],
    [8, 'many', 2, true],
    [1, '1', 1, true],
  ])('%i cores, pool %s → %i at once', (cores, pool, parallel, advised) => {
    const answer = hashThreads(cores, pool);
    expect(answer.parallel).toBe(parallel);
    expect(answer.advice !== undefined).toBe(advised);
  });
});
