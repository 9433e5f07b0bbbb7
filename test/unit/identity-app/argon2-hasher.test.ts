import { describe, expect, it } from 'vitest';
import type { Failure } from '#libs/errors/failure.js';
import { systemClock } from '#libs/runtime/clock.js';
import { Argon2Hasher, minimalCost } from '#services/identity/adapters/argon2-hasher.js';
import { hashThreads } from '#services/identity/adapters/thread-pool.js';

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

describe('argon2 hasher under load', () => {
  it('refuses what would wait longer than the limit, and says when to come back', async () => {
    const busy = new Argon2Hasher({ clock: systemClock, parallel: 1, maxWaitMs: 1 });
    await busy.dummyHash();
    const first = busy.hash('wandering teapots hum');
    const second = await busy.verify(undefined, 'x').catch((error: unknown) => error);
    expect(second).toMatchObject({ reason: 'OVERLOADED' });
    expect((second as Failure).retryAfterMs).toBeGreaterThan(1);
    expect(await first).toMatch(/^\$argon2id/u);
    await expect(busy.verify(undefined, 'x')).resolves.toBe(false);
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
