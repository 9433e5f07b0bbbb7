import { expect, test } from 'vitest';
import { DpopNonces } from '#services/identity/http/oauth/dpop-nonces.js';

const minute = 60_000;
const nowMs = 30_000_000 * minute;
const secret = new Uint8Array(32).fill(7);

test('a nonce is good for minutes, at every instance that has the secret', () => {
  const [one, two] = [new DpopNonces(secret), new DpopNonces(secret)];
  const nonce = one.next(nowMs);
  expect(nonce).toMatch(/^[\w-]{43}$/u);
  expect(one.next(nowMs + minute - 1)).toBe(nonce);
  for (const later of [0, 1, 2, 3]) expect(two.isGood(nonce, nowMs + later * minute)).toBe(true);
  expect(two.isGood(nonce, nowMs + 3 * minute + minute)).toBe(false);
  expect(two.isGood(nonce, nowMs - 2 * minute)).toBe(false);
});

test('each minute has its own, and so has each secret', () => {
  const nonces = new DpopNonces(secret);
  const other = new DpopNonces(new Uint8Array(32).fill(8));
  const given = [0, 1, 2, 3, 4].map((step) => nonces.next(nowMs + step * minute));
  expect(new Set(given).size).toBe(5);
  expect(other.isGood(nonces.next(nowMs), nowMs)).toBe(false);
  for (const text of ['', 'x', nonces.next(nowMs).slice(1)]) {
    expect(nonces.isGood(text, nowMs)).toBe(false);
  }
});
