import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  exactNameProblem,
  permissionPatternProblem,
  permissionProblem,
  reservedProblem,
  slugProblem,
} from '#services/identity/domain/names/exact-name.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import { canonicalLoginName } from '#services/identity/domain/names/login-name.js';

const username = (text: string) => canonicalLoginName('USERNAME', text);
const canonical = (text: string) => {
  const name = username(text);
  return 'canonical' in name ? name.canonical : `refused: ${name.problem}`;
};

describe('login names', () => {
  it.each([
    ['Alice', 'alice'],
    ['ALICE', 'alice'],
    ['ａｌｉｃｅ', 'alice'],
    ['Straße', 'strasse'],
    ['STRASSE', 'strasse'],
    ['Σίσυφος', 'σίσυφος'],
    ['ΣΊΣΥΦΟΣ', 'σίσυφος'],
    ['e\u0301mile', '\u00e9mile'],
    ['\u00c9MILE', '\u00e9mile'],
    ['ﬁona', 'fiona'],
  ])('%s is the same name as %s', (text, same) => {
    expect(canonical(text)).toBe(canonical(same));
    expect(username(text)).toHaveProperty('canonical');
  });

  it('folding is stable: the canonical form of a canonical form is itself', () => {
    const unstable = fc.check(
      fc.property(fc.string({ maxLength: 8, unit: 'grapheme' }), (text) => {
        const once = username(text);
        return 'problem' in once || canonical(once.canonical) === once.canonical;
      }),
      { numRuns: 3000, seed: 1 },
    );
    expect(unstable.counterexample).toBeNull();
  });

  it.each([
    ['a zero-width joiner', 'ali\u200dce'],
    ['a soft hyphen', 'ali\u00adce'],
    ['a right-to-left override', 'ali\u202ece'],
    ['a Hangul filler', 'ali\u3164ce'],
    ['a variation selector', 'alice\ufe0f'],
    ['a space', 'ali ce'],
    ['a no-break space', 'ali\u00a0ce'],
    ['a line break', 'alice\n'],
    ['NUL', 'ali\u0000ce'],
    ['half a surrogate pair', 'alice\ud800'],
    ['Cyrillic among Latin letters', 'аlice'],
    ['Greek among Latin letters', 'αlice'],
    ['an @ in a user name', 'alice@example'],
    ['a leading dot', '.alice'],
    ['nothing', ''],
    ['too many letters', 'a'.repeat(65)],
  ])('refuses %s', (_, text) => {
    expect(username(text)).toHaveProperty('problem');
  });

  it('length counts code points', () => {
    expect(username('𝒳'.repeat(64))).toHaveProperty('canonical');
    expect(username('é'.repeat(64))).toHaveProperty('canonical');
  });

  it('addresses are compared without case', () => {
    expect(canonicalLoginName('EMAIL', 'Alice@Example.COM')).toEqual({
      canonical: 'alice@example.com',
    });
    for (const text of ['alice', 'a@b@c', '@example.com', 'a@', 'a b@example.com', 'a"@b.c']) {
      expect(canonicalLoginName('EMAIL', text)).toHaveProperty('problem');
    }
    expect(canonicalLoginName('EMAIL', `${'a'.repeat(64)}@${'b'.repeat(190)}`)).toHaveProperty(
      'problem',
    );
  });
});

describe('exact names', () => {
  it.each(['ab', 'a-1', '0x', 'a'.repeat(63)])('slug %s is good', (slug) => {
    expect(slugProblem(slug)).toBeUndefined();
  });

  it.each([
    '',
    'a',
    '-a',
    'a-',
    'A1',
    'a_b',
    'ä1',
    'a'.repeat(64),
    'ab\n',
    '019aaf00-0000-7000-8000-000000000000',
  ])('slug %j is not', (slug) => {
    expect(slugProblem(slug)).toBeDefined();
  });

  it('role and group names are lower-case ASCII', () => {
    for (const name of ['a', 'order-clerk', 'a.b_c-9'])
      expect(exactNameProblem(name)).toBeUndefined();
    for (const name of ['', 'A', 'a b', 'а', '.a', 'a.', 'a\n', 'a'.repeat(65)]) {
      expect(exactNameProblem(name)).toBeDefined();
    }
  });

  it('permissions are area:verb', () => {
    for (const name of ['orders:read', 'a.b:c', 'a:b:c']) {
      expect(permissionProblem(name)).toBeUndefined();
      expect(permissionPatternProblem(name)).toBeUndefined();
    }
    const bad = ['orders', 'orders:', ':read', 'Orders:read', 'orders:*', '*', 'a:b\n', 'о:read'];
    for (const name of [...bad, `a:${'b'.repeat(127)}`])
      expect(permissionProblem(name)).toBeDefined();
  });

  it('patterns end in a star', () => {
    for (const text of ['*', 'orders:*', 'a:b:*']) {
      expect(permissionPatternProblem(text)).toBeUndefined();
    }
    for (const text of ['orders*', '*:read', 'a:*:b', '**', ':*', 'orders:**', '']) {
      expect(permissionPatternProblem(text)).toBeDefined();
    }
  });

  it('the area of Ledgate is reserved, look-alike areas are not', () => {
    expect(reservedProblem('ledgate.identity:x')).toBeDefined();
    expect(reservedProblem('ledgate:x')).toBeDefined();
    expect(reservedProblem('ledgates:x')).toBeUndefined();
  });
});

describe('free text', () => {
  it('is kept as it is, in NFC, with lengths in code points', () => {
    expect(freeTextProblem('Café Zoë 🙂', 1, 10)).toBeUndefined();
    expect(freeTextProblem('🙂'.repeat(10), 1, 10)).toBeUndefined();
    expect(freeTextProblem('', 0, 10)).toBeUndefined();
  });

  it.each([
    ['empty', ''],
    ['too long', 'a'.repeat(11)],
    ['NFD', 'Cafe\u0301'],
    ['a bell', 'a\u0007'],
    ['a line break', 'a\nb'],
    ['a line separator', 'a\u2028b'],
    ['a zero-width space', 'a\u200bb'],
    ['a leading space', ' a'],
    ['a trailing space', 'a\u00a0'],
    ['half a surrogate pair', 'a\udc00'],
  ])('refuses %s', (_, text) => {
    expect(freeTextProblem(text, 1, 10)).toBeDefined();
  });
});
