import { describe, expect, it } from 'vitest';

import type { DomainEvent } from '#libs/events/catalogue.js';
import type { ScopeCommand } from '#services/identity/domain/scope/commands.js';

import { given, permission, tenant } from './scenario.js';

const read = permission('orders:read');
const facts = {
  scope: 'orders.view',
  description: 'See your orders',
  permissions: ['orders:read', 'items:*'],
  consentRequired: true,
} as const;
const define: ScopeCommand = { type: 'DefineScope', ...facts };
const change: ScopeCommand = { type: 'ChangeScope', ...facts, permissions: ['orders:read'] };
const retire: ScopeCommand = { type: 'RetireScope', scope: 'orders.view' };
const defined: DomainEvent = { type: 'ScopeDefined', ...facts };
const retired: DomainEvent = { type: 'ScopeRetired', scope: 'orders.view' };

describe('DefineScope, ChangeScope, RetireScope', () => {
  it('define, change and retire, and define again', () => {
    expect(given(tenant, read).when(define)).toEqual({ events: [defined] });
    expect(given(tenant, read, defined).when(change)).toEqual({
      events: [{ ...change, type: 'ScopeChanged' }],
    });
    const same = { ...define, type: 'ChangeScope' } as const;
    expect(given(tenant, read, defined).when(same)).toEqual({ events: [] });
    expect(given(tenant, defined).when(retire)).toEqual({ events: [retired] });
    expect(given(tenant, read, defined, retired).when(define)).toEqual({ events: [defined] });
  });

  it('refuse what is or is not defined', () => {
    expect(given(tenant, read, defined).when(define)).toEqual({ rejected: 'ALREADY_EXISTS' });
    for (const command of [change, retire]) {
      expect(given(tenant, read).when(command)).toEqual({ rejected: 'NOT_FOUND' });
      expect(given(tenant, read, defined, retired).when(command)).toEqual({
        rejected: 'NOT_FOUND',
      });
    }
  });

  it('refuse names that no token could carry, and permissions that are not defined', () => {
    for (const scope of ['', 'Orders', 'a b', 'a"b', 'a\\b', '-a', 'x'.repeat(129)]) {
      const fields = { rejected: 'INVALID_ARGUMENT', fields: ['scope'] };
      const when = given(tenant, read).when({ ...define, scope });
      expect([scope, when]).toEqual([scope, fields]);
    }
    expect(given(tenant).when(define)).toEqual({
      rejected: 'INVALID_ARGUMENT',
      fields: ['permissions[0]'],
    });
    const twice = { ...define, permissions: ['orders:read', 'orders:read', 'o*'] };
    expect(given(tenant, read).when(twice)).toEqual({
      rejected: 'INVALID_ARGUMENT',
      fields: ['permissions[1]', 'permissions[2]'],
    });
  });

  it('never widen what a word meant before it was a scope', () => {
    const wide = { ...define, scope: 'orders:read' };
    expect(given(tenant, read).when(wide)).toEqual({
      rejected: 'INVALID_ARGUMENT',
      fields: ['permissions[1]'],
    });
    const within = { ...define, scope: 'orders:read', permissions: ['orders:read'] };
    expect(given(tenant, read).when(within)).toHaveProperty('events.length', 1);
    const below = { ...define, scope: 'orders/all', permissions: ['orders:*'] };
    expect(given(tenant, read).when(below)).toHaveProperty('events.length', 1);
  });
});
