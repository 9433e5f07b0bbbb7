import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  anyMatches,
  coversPattern,
  holdsMatch,
  matchesPermission,
} from '#libs/access/permission-pattern.js';

describe('matchesPermission', () => {
  it.each([
    ['orders:read', 'orders:read', true],
    ['orders:read', 'orders:write', false],
    ['orders:*', 'orders:read', true],
    ['orders:*', 'orders:items:read', true],
    ['orders:items:*', 'orders:items:read', true],
    ['orders:items:*', 'orders:read', false],
    ['*', 'orders:read', true],
    ['*', 'anything', true],
    ['orders:*', 'ordersarchive:read', false],
    ['orders:*', 'orders', false],
    ['orders:*', 'orders:', false],
    ['orders:*', 'Orders:read', false],
    ['orders*', 'orders:read', false],
    ['ord*', 'orders', false],
    ['*:read', 'orders:read', false],
    ['orders:*:read', 'orders:items:read', false],
    ['*:*', 'orders:read', false],
    ['**', 'orders:read', false],
    [':*', ':read', true],
    ['', 'orders:read', false],
  ])('%j covers %j: %s', (pattern, action, expected) => {
    expect(matchesPermission(pattern, action)).toBe(expected);
  });

  it.each(['*', 'orders:*', '', 'orders:*:x'])(
    'never covers %j: it is no exact action',
    (action) => {
      expect(anyMatches(['*', 'orders:*', action], action)).toBe(false);
    },
  );
});

describe('holdsMatch and coversPattern', () => {
  const words = fc.array(fc.constantFrom('a', 'b', 'ab', '', '*'), { minLength: 1, maxLength: 4 });
  const text = words.map((parts) => parts.join(':'));

  it('a set covers what one of its patterns covers', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), text, (patterns, action) => {
        expect(holdsMatch(new Set(patterns), action)).toBe(anyMatches(patterns, action));
      }),
    );
  });

  it('what covers a pattern covers every permission that the pattern covers', () => {
    const sound = fc.constantFrom('*', 'a:*', 'a:b:*', 'ab:*', 'a:b', 'a:b:ab', 'b');
    fc.assert(
      fc.property(sound, sound, text, (wide, narrow, action) => {
        if (!coversPattern(wide, narrow) || !matchesPermission(narrow, action)) return;
        expect(matchesPermission(wide, action)).toBe(true);
      }),
    );
    expect(coversPattern('a:*', '*')).toBe(false);
    expect(coversPattern('a:b:*', 'a:*')).toBe(false);
    expect(coversPattern('a:*', 'ab:c')).toBe(false);
  });
});
