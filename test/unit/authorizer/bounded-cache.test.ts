import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedCache } from '#services/authorizer/app/bounded-cache.js';

const forever = Number.POSITIVE_INFINITY;

describe('BoundedCache (Keycloak CVE-2025-2559: a cache of what callers send grew without bound)', () => {
  it('holds no more than it may, whatever is asked for; the oldest goes first', () => {
    const cache = new BoundedCache<number>(3, 1_000);
    for (let key = 0; key < 10_000; key++) {
      cache.set(`key-${key}`, key, 0, forever);
      expect(cache.size).toBeLessThanOrEqual(3);
    }
    expect([9_996, 9_997, 9_998, 9_999].map((key) => cache.get(`key-${key}`, 0))).toEqual([
      undefined,
      9_997,
      9_998,
      9_999,
    ]);
  });

  it('keeps nothing beyond its lifetime, nor beyond that of the value', () => {
    const cache = new BoundedCache<string>(10, 1_000);
    cache.set('long', 'long', 0, forever);
    cache.set('short', 'short', 0, 500);
    cache.set('dead', 'dead', 0, 0);
    expect([cache.get('long', 499), cache.get('short', 499)]).toEqual(['long', 'short']);
    expect([cache.get('short', 500), cache.get('dead', 0)]).toEqual([undefined, undefined]);
    expect(cache.get('long', 999)).toBe('long');
    expect(cache.get('long', 1_000)).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('sweeps what nobody asks for again', () => {
    const cache = new BoundedCache<number>(10, 1_000);
    for (let at = 0; at < 10; at++) cache.set(String(at), at, at * 100, forever);
    cache.sweep(1_450);
    expect(cache.size).toBe(5);
  });

  it('gives back what was put under that very key, or nothing', () => {
    const use = fc.tuple(fc.string({ maxLength: 3 }), fc.nat(50), fc.boolean());
    fc.assert(
      fc.property(fc.array(use, { maxLength: 60 }), (uses) => {
        const cache = new BoundedCache<string>(5, 20);
        const last = new Map<string, number>();
        let nowMs = 0;
        for (const [key, waitMs, isSet] of uses) {
          nowMs += waitMs;
          const fresh = nowMs - (last.get(key) ?? -Infinity) < 20;
          const found = cache.get(key, nowMs);
          expect([undefined, fresh ? `value of ${key}` : undefined]).toContain(found);
          if (!isSet) continue;
          cache.set(key, `value of ${key}`, nowMs, forever);
          last.set(key, nowMs);
          expect(cache.size).toBeLessThanOrEqual(5);
        }
      }),
    );
  });
});
