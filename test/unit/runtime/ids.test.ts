import { describe, expect, it } from 'vitest';
import type { Clock } from '#libs/runtime/clock.js';
import { createIds, systemRandom, type Random } from '#libs/runtime/ids.js';

const never = (): (() => void) => () => undefined;
function clockAt(times: number[]): Clock {
  let last = 0;
  return { wallMs: () => (last = times.shift() ?? last), monotonicMs: () => 0, after: never };
}
const ones: Random = { bytes: (count) => new Uint8Array(count).fill(0xff) };

describe('ids', () => {
  it('writes version 7, the variant and the time (RFC 9562 section 5.7)', () => {
    const ids = createIds(clockAt([0x0123456789ab]), systemRandom);
    const id = ids.uuid();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(id.startsWith('01234567-89ab-')).toBe(true);
  });

  it('rises within a millisecond, past the counter, and when the clock goes back', () => {
    const ids = createIds(clockAt([5_000, 5_000, 4_000]), ones);
    const made = Array.from({ length: 6000 }, () => ids.uuid());
    expect(made).toEqual([...made].sort());
    expect(new Set(made).size).toBe(made.length);
  });

  it('gives different values from the system generator, also past its pool', () => {
    const ids = createIds(clockAt([1]), systemRandom);
    expect(new Set(Array.from({ length: 2000 }, () => ids.opaque())).size).toBe(2000);
    expect(ids.opaque()).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(ids.short()).toMatch(/^[a-z2-7]{16}$/);
    expect(systemRandom.bytes(100_000)).toHaveLength(100_000);
  });

  it('never hands the same random bytes out twice', () => {
    const first = systemRandom.bytes(16);
    const copy = Buffer.from(first).toString('hex');
    for (let i = 0; i < 1000; i++) systemRandom.bytes(16).fill(0);
    expect(Buffer.from(first).toString('hex')).toBe(copy);
  });
});
