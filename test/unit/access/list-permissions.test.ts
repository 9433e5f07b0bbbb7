import { describe, expect, it } from 'vitest';

import { listPermissions, roleNames } from '#libs/access/evaluate/list-permissions.js';
import { reasonName } from '#libs/access/reason-code.js';
import { keyHash } from '#libs/events/keys.js';

import {
  given,
  grant,
  group,
  groupGrant,
  member,
  permission,
  principal,
  role,
  tenant,
} from './given.js';

const world = () =>
  given(
    tenant,
    permission('orders:write'),
    permission('orders:read'),
    permission('users:read'),
    role('clerk', ['orders:*']),
    role('reader', ['orders:read']),
    principal('alice'),
    group('g'),
    member('g', 'alice'),
    grant('alice', 'clerk', 'a/b', 500),
    grant('alice', 'reader', 'a/c'),
    groupGrant('g', 'reader', 'a'),
    grant('alice', 'gone', 'a'),
  );
const alice = { tenant: 't', principal: 'alice', nowMs: 0 };
const none = { scopes: [], resourcePrefix: '', expiresAtMs: Infinity };

describe('listPermissions', () => {
  it('lists permissions by name with the widest prefixes on which they hold', () => {
    expect(listPermissions(world(), alice)).toMatchObject({
      permissions: [
        { permission: 'orders:read', resourcePrefixes: ['a'] },
        { permission: 'orders:write', resourcePrefixes: ['a/b'] },
      ],
      validUntilMs: 500,
    });
    expect(listPermissions(world(), { ...alice, nowMs: 500 }).permissions).toHaveLength(1);
  });

  it('narrows the prefixes to what the credential leaves', () => {
    const limits = { scopes: ['*'], resourcePrefix: 'a/b/c', expiresAtMs: 90 };
    expect(listPermissions(world(), { ...alice, limits })).toMatchObject({
      permissions: [
        { permission: 'orders:read', resourcePrefixes: ['a/b/c'] },
        { permission: 'orders:write', resourcePrefixes: ['a/b/c'] },
      ],
      validUntilMs: 90,
    });
    const scoped = { ...none, scopes: ['orders:write'] };
    expect(listPermissions(world(), { ...alice, limits: scoped }).permissions).toMatchObject([
      { permission: 'orders:write' },
    ]);
  });

  it('lists nothing, and says why, for who may do nothing', () => {
    const reasonOf = (more: object) =>
      reasonName(listPermissions(world(), { ...alice, ...more }).code);
    expect(reasonOf({ principal: 'nobody' })).toBe('PRINCIPAL_UNKNOWN');
    expect(reasonOf({ tenant: 'nowhere' })).toBe('TENANT_UNKNOWN');
    expect(reasonOf({ resource: 'a//b' })).toBe('RESOURCE_INVALID');
    expect(reasonOf({ limits: { ...none, expiresAtMs: 0 } })).toBe('CREDENTIAL_EXPIRED');
  });

  it('leaves a quarantined permission out and cannot decide about a quarantined subject', () => {
    const view = world();
    view.quarantine([keyHash('t', 'permission', 'orders:write')]);
    expect(listPermissions(view, alice).permissions).toMatchObject([{ permission: 'orders:read' }]);
    view.quarantine([keyHash('t', 'member', 'g,alice')]);
    expect(reasonName(listPermissions(view, alice).code)).toBe('QUARANTINED');
  });
});

describe('roleNames', () => {
  it('are those of live roles granted and unexpired, own and by group', () => {
    const view = world();
    const row = view.principalRow('t', 'alice');
    expect(roleNames(view, row, 0)).toEqual(['clerk', 'reader']);
    expect(roleNames(view, row, 500)).toEqual(['reader']);
  });
});
