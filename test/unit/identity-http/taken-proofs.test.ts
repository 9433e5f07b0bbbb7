import { expect, test } from 'vitest';
import { TakenProofs } from '#services/identity/http/oauth/taken-proofs.js';

const nowMs = 1_800_000_000_000;

test('a proof is taken once for as long as it is good', () => {
  const proofs = new TakenProofs();
  expect(proofs.take('one', nowMs, nowMs + 10)).toBe(true);
  expect(proofs.take('one', nowMs + 9, nowMs + 20)).toBe(false);
  expect(proofs.take('two', nowMs + 9, nowMs + 20)).toBe(true);
  expect(proofs.take('one', nowMs + 10, nowMs + 20)).toBe(true);
  expect(proofs.take('one', nowMs + 19, nowMs + 30)).toBe(false);
});

test('the memory is bounded: what is over goes first, then the oldest', () => {
  const proofs = new TakenProofs();
  const most = 100_000;
  expect(proofs.take('brief', nowMs, nowMs + 10)).toBe(true);
  for (let i = 1; i < most; i += 1) proofs.take(`kept ${i}`, nowMs, nowMs + 1_000);
  expect(proofs.take('after', nowMs + 10, nowMs + 1_000)).toBe(true);
  // Room was made by the one that was over.
  expect(proofs.take('kept 1', nowMs + 10, nowMs + 1_000)).toBe(false);
  expect(proofs.take('another', nowMs + 10, nowMs + 1_000)).toBe(true);
  expect(proofs.take('kept 2', nowMs + 10, nowMs + 1_000)).toBe(false);
  expect(proofs.take('kept 1', nowMs + 10, nowMs + 1_000)).toBe(true);
});
