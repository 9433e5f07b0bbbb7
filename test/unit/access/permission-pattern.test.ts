import { describe, expect, it } from 'vitest';

import { anyMatches, matchesPermission } from '#libs/access/permission-pattern.js';

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
