import { describe, expect, it } from 'vitest';

import type { DomainEvent } from '#libs/events/catalogue.js';
import type { GrantRole } from '#services/identity/domain/grant/commands.js';
import type { GroupCommand } from '#services/identity/domain/group/commands.js';

import { adminOf, given, granted, nowMs, role, tenant, user } from './scenario.js';

const group: DomainEvent = { type: 'GroupCreated', group: 'g1', name: 'crew' };
const member: DomainEvent = { type: 'GroupMemberAdded', group: 'g1', principal: 'p1' };
const deletedUser: DomainEvent = {
  type: 'PrincipalDeleted',
  principal: 'p1',
  blindIndexes: ['name-p1'],
  admin: false,
};

describe('CreateGroup, DeleteGroup', () => {
  const create: GroupCommand = { type: 'CreateGroup', group: 'g1', name: 'crew' };
  const remove: GroupCommand = { type: 'DeleteGroup', group: 'g1' };

  it('claim and free the name', () => {
    expect(given(tenant).when(create)).toEqual({ events: [group] });
    const deleted = { type: 'GroupDeleted', group: 'g1', name: 'crew' } as const;
    expect(given(tenant, group).when(remove)).toEqual({ events: [deleted] });
    const again = { ...create, group: 'g2' };
    expect(given(tenant, group, deleted).when(again)).toHaveProperty('events');
  });

  it('refuse a bad name, a name or id in use, and no group', () => {
    expect(given(tenant).when({ ...create, name: 'Crew ' })).toEqual({
      rejected: 'INVALID_ARGUMENT',
      fields: ['name'],
    });
    expect(given(tenant, group).when({ ...create, name: 'x' })).toEqual({
      rejected: 'ALREADY_EXISTS',
    });
    expect(given(tenant, group).when({ ...create, group: 'g2' })).toEqual({
      rejected: 'NAME_TAKEN',
    });
    expect(given(tenant).when(remove)).toEqual({ rejected: 'NOT_FOUND' });
  });
});

describe('AddGroupMember, RemoveGroupMember', () => {
  const add: GroupCommand = { type: 'AddGroupMember', group: 'g1', principal: 'p1' };
  const remove: GroupCommand = { ...add, type: 'RemoveGroupMember' };

  it('add and remove', () => {
    expect(given(tenant, user('p1'), group).when(add)).toEqual({ events: [member] });
    const removed = { type: 'GroupMemberRemoved', group: 'g1', principal: 'p1' } as const;
    expect(given(tenant, user('p1'), group, member).when(remove)).toEqual({ events: [removed] });
    expect(given(tenant, user('p1'), group, member, removed).when(add)).toHaveProperty('events');
  });

  it('refuse no group, no principal, twice, none, and too many groups', () => {
    expect(given(tenant, user('p1')).when(add)).toEqual({ rejected: 'NOT_FOUND' });
    expect(given(tenant, group).when(add)).toEqual({ rejected: 'NOT_FOUND' });
    expect(given(tenant, user('p1'), group, deletedUser).when(add)).toEqual({
      rejected: 'NOT_FOUND',
    });
    expect(given(tenant, user('p1'), group, member).when(add)).toEqual({
      rejected: 'ALREADY_EXISTS',
    });
    expect(given(tenant, user('p1'), group).when(remove)).toEqual({ rejected: 'NOT_FOUND' });
    const many = Array.from({ length: 100 }, (_, at) => ({ ...member, group: `m${at}` }));
    expect(given(tenant, user('p1'), group, ...many).when(add)).toEqual({
      rejected: 'LIMIT_REACHED',
    });
  });

  it('a membership of a deleted group can still be removed', () => {
    const gone: DomainEvent = { type: 'GroupDeleted', group: 'g1', name: 'crew' };
    expect(given(tenant, user('p1'), group, member, gone).when(remove)).toHaveProperty('events');
  });
});

describe('GrantRole', () => {
  const grant: GrantRole = {
    type: 'GrantRole',
    grant: 'x1',
    subjectKind: 'PRINCIPAL',
    subject: 'p1',
    role: 'r1',
    resourcePrefix: 'projects/acme',
    expiresAtMs: nowMs + 1,
    ticket: 'OPS-7',
  };
  const base = [tenant, user('p1'), group, role('r1')];

  it('grants to principals and groups', () => {
    expect(given(...base).when(grant)).toEqual({
      events: [{ ...grant, type: 'RoleGranted', admin: false }],
    });
    const toGroup = { ...grant, subjectKind: 'GROUP', subject: 'g1' } as const;
    expect(given(...base).when(toGroup)).toEqual({
      events: [{ ...toGroup, type: 'RoleGranted', admin: false }],
    });
  });

  it('refuses bad fields, all at once', () => {
    const fields = ['resource_prefix', 'expires_at_ms', 'ticket'];
    const refused = { rejected: 'INVALID_ARGUMENT', fields };
    for (const resourcePrefix of ['/a', 'a/', 'a//b', 'a/../b', 'a%2fb', 'a\\b', 'e\u0301']) {
      const bad = { ...grant, resourcePrefix, expiresAtMs: nowMs, ticket: '' };
      expect(given(...base).when(bad)).toEqual(refused);
    }
  });

  it('refuses a subject or role that is not there', () => {
    const missing = { rejected: 'NOT_FOUND' };
    expect(given(...base).when({ ...grant, role: 'r2' })).toEqual(missing);
    expect(given(...base).when({ ...grant, subject: 'p2' })).toEqual(missing);
    expect(given(...base).when({ ...grant, subjectKind: 'GROUP' })).toEqual(missing);
    expect(given(...base).when({ ...grant, subject: 'g1' })).toEqual(missing);
    expect(given(...base, deletedUser).when(grant)).toEqual(missing);
  });

  it('refuses the same thing twice, a used id, and too many', () => {
    const same = granted('x2', 'p1', 'r1', { resourcePrefix: 'projects/acme' });
    expect(given(...base, same).when(grant)).toEqual({ rejected: 'ALREADY_EXISTS' });
    const other = granted('x1', 'p1', 'r1', { resourcePrefix: 'projects' });
    expect(given(...base, other).when(grant)).toEqual({ rejected: 'ALREADY_EXISTS' });
    const many = Array.from({ length: 1000 }, (_, at) => granted(`m${at}`, 'p1', `q${at}`));
    expect(given(...base, ...many).when(grant)).toEqual({ rejected: 'LIMIT_REACHED' });
  });

  describe('of an admin role', () => {
    const toAdmin: GrantRole = {
      type: 'GrantRole',
      grant: 'x1',
      subjectKind: 'PRINCIPAL',
      subject: 'p1',
      role: 'admin',
      resourcePrefix: '',
    };
    const admins = [...base, role('admin', [], true)];

    it('is marked as such', () => {
      expect(given(...admins).when(toAdmin)).toHaveProperty('events.0.admin', true);
    });

    it('goes to active principals only, without a prefix', () => {
      const wrong = { rejected: 'WRONG_STATE' };
      const toGroup = { ...toAdmin, subjectKind: 'GROUP', subject: 'g1' } as const;
      expect(given(...admins).when(toGroup)).toEqual(wrong);
      expect(given(...admins).when({ ...toAdmin, resourcePrefix: 'a' })).toEqual(wrong);
      const suspended = {
        type: 'PrincipalSuspended',
        principal: 'p1',
        untilMs: nowMs + 1,
        admin: false,
      } as const;
      expect(given(...admins, suspended).when(toAdmin)).toEqual(wrong);
      expect(given(...admins, suspended).when(toAdmin, { nowMs: nowMs + 1 })).toHaveProperty(
        'events',
      );
    });

    it('is limited to so many administrators', () => {
      const many = Array.from({ length: 100 }, (_, at) => adminOf(`m${at}`, `q${at}`));
      expect(given(...admins, ...many).when(toAdmin)).toEqual({ rejected: 'LIMIT_REACHED' });
    });
  });
});

describe('ChangeGrant, RevokeGrant', () => {
  const change = { type: 'ChangeGrant', grant: 'x1', expiresAtMs: nowMs + 5 } as const;
  const revoke = { type: 'RevokeGrant', grant: 'x1', cause: 'REVIEW' } as const;
  const held = granted('x1', 'p1', 'r1', { expiresAtMs: nowMs + 1 });
  const base = [tenant, user('p1'), user('p2'), role('r1'), role('admin', [], true)];
  const { type: _, expiresAtMs, ...tuple } = held;

  it('change and take away a grant', () => {
    expect(given(...base, held).when(change)).toEqual({
      events: [
        {
          type: 'GrantChanged',
          ...tuple,
          oldExpiresAtMs: expiresAtMs,
          expiresAtMs: nowMs + 5,
        },
      ],
    });
    expect(given(...base, held).when({ ...change, expiresAtMs: nowMs + 1 })).toEqual({
      events: [],
    });
    const revoked = { type: 'GrantRevoked', ...tuple, cause: 'REVIEW' } as const;
    expect(given(...base, held).when(revoke)).toEqual({ events: [revoked] });
    const again = { ...revoke, type: 'GrantRole', ...tuple, grant: 'x2' } as const;
    expect(given(...base, held, revoked).when(again)).toHaveProperty('events');
  });

  it('refuse a grant that is not there and an expiry in the past', () => {
    expect(given(...base).when(change)).toEqual({ rejected: 'NOT_FOUND' });
    expect(given(...base).when(revoke)).toEqual({ rejected: 'NOT_FOUND' });
    expect(given(...base, held).when({ ...change, expiresAtMs: nowMs })).toEqual({
      rejected: 'INVALID_ARGUMENT',
      fields: ['expires_at_ms'],
    });
  });

  it('a grant of a deleted role or principal can still be revoked', () => {
    const roleGone = {
      type: 'RoleDeleted',
      role: 'r1',
      name: 'name-r1',
      parents: [],
      admin: false,
    } as const;
    expect(given(...base, held, roleGone).when(revoke)).toHaveProperty('events');
    expect(given(...base, held, deletedUser).when(revoke)).toHaveProperty('events');
  });

  it('keep the last administrator, now and when expiries have passed', () => {
    const last = { rejected: 'LAST_ADMIN' };
    const one = [...base, adminOf('x1', 'p1')];
    expect(given(...one).when(revoke)).toEqual(last);
    expect(given(...one).when(change)).toEqual(last);
    const two = [...one, adminOf('x2', 'p2')];
    expect(given(...two).when(revoke)).toHaveProperty('events.0.admin', true);
    expect(given(...two).when(change)).toHaveProperty('events.0.admin', true);
    const ending = [...one, adminOf('x2', 'p2', { expiresAtMs: nowMs + 9 })];
    expect(given(...ending).when(revoke)).toEqual(last);
    const removedSecond = { ...adminOf('x2', 'p2'), type: 'GrantRevoked', cause: 'ADMIN' } as const;
    expect(given(...two, removedSecond).when(revoke)).toEqual(last);
    const expiring = {
      ...adminOf('x2', 'p2'),
      type: 'GrantChanged',
      expiresAtMs: nowMs + 9,
    } as const;
    expect(given(...two, expiring).when(revoke)).toEqual(last);
  });
});
