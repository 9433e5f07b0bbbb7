import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  acrLevel,
  acrValues,
  oneFactor,
  stepUpNeeded,
  twoFactors,
} from '#libs/access/evaluate/step-up.js';

const acr = fc.constantFrom(...acrValues, '', 'urn:other', 'toString');
const nowMs = 1_000_000;

describe('stepUpNeeded (RFC 9470)', () => {
  it('asks for what is missing, and for nothing else', () => {
    const facts = { acr: oneFactor, authTimeMs: nowMs - 60_000 };
    expect(stepUpNeeded(facts, {}, nowMs)).toBeUndefined();
    expect(stepUpNeeded(facts, { minAcr: oneFactor, maxAuthAgeMs: 60_000 }, nowMs)).toBeUndefined();
    expect(stepUpNeeded(facts, { minAcr: twoFactors }, nowMs)).toEqual({
      acr: twoFactors,
      maxAgeMs: undefined,
    });
    expect(stepUpNeeded(facts, { maxAuthAgeMs: 59_999 }, nowMs)).toEqual({
      acr: '',
      maxAgeMs: 59_999,
    });
  });

  it('is never met by what is not known, and never meets what is not understood', () => {
    const unknown = { acr: '', authTimeMs: Number.NaN };
    expect(stepUpNeeded(unknown, { minAcr: oneFactor }, nowMs)).toBeDefined();
    expect(stepUpNeeded(unknown, { maxAuthAgeMs: 1e15 }, nowMs)).toBeDefined();
    const strong = { acr: twoFactors, authTimeMs: nowMs };
    expect(stepUpNeeded(strong, { minAcr: 'urn:other' }, nowMs)).toBeDefined();
  });

  it('orders the values, and a stronger or newer authentication is never worse', () => {
    expect(acrValues.map(acrLevel)).toEqual([1, 2]);
    fc.assert(
      fc.property(acr, acr, fc.nat(100), fc.nat(100), fc.nat(100), (a, b, age, older, most) => {
        const demand = { minAcr: a, maxAuthAgeMs: most };
        const facts = (of: string, old: number) => ({ acr: of, authTimeMs: nowMs - old });
        if (stepUpNeeded(facts(b, age + older), demand, nowMs) !== undefined) return;
        expect(stepUpNeeded(facts(b, age), demand, nowMs)).toBeUndefined();
        expect(stepUpNeeded(facts(twoFactors, age), demand, nowMs)).toBeUndefined();
      }),
    );
  });
});
