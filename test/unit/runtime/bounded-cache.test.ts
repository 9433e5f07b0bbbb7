import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedCache } from '#libs/runtime/bounded-cache.js';

describe('BoundedCache', () => {
  it('never holds more than it may, nor answers with what is over or was never put in', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
      put: fc.boolean(),
      goodForMs: fc.nat(30),
      laterMs: fc.nat(10),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const cache = new BoundedCache<number>(4, 20);
        const last = new Map<string, { value: number; untilMs: number }>();
        let nowMs = 0;
        for (const [value, { key, put, goodForMs, laterMs }] of steps.entries()) {
          nowMs += laterMs;
          if (put) {
            cache.set(key, value, nowMs, nowMs + goodForMs);
            last.set(key, { value, untilMs: nowMs + Math.min(goodForMs, 20) });
          }
          const good = last.get(key);
          const expected = good !== undefined && nowMs < good.untilMs ? good.value : undefined;
          expect([expected, undefined]).toContain(cache.get(key, nowMs));
          expect(cache.size).toBeLessThanOrEqual(4);
        }
      }),
    );
  });

  it('keeps what is asked for while others come and go', () => {
    const cache = new BoundedCache<string>(100, 1_000_000);
    cache.set('kept', 'x', 0, 1_000_000);
    for (let i = 0; i < 10_000; i++) {
      cache.set(`passing-${i}`, 'y', 0, 1_000_000);
      expect(cache.get('kept', 0)).toBe('x');
    }
    expect(cache.get('passing-0', 0)).toBeUndefined();
  });

  it('forgets on request and in sweeps', () => {
    const cache = new BoundedCache<string>(10, 1_000);
    cache.set('a', 'x', 0, 500);
    cache.set('b', 'y', 0, 5_000);
    cache.sweep(500);
    expect(cache.size).toBe(1);
    expect(cache.get('b', 999)).toBe('y');
    expect(cache.get('b', 1_000)).toBeUndefined();
    cache.set('c', 'z', 0, 500);
    cache.delete('c');
    expect(cache.get('c', 0)).toBeUndefined();
    cache.clear();
    expect(cache.size).toBe(0);
  });
});
