import { describe, expect, it } from 'vitest';

import type { DomainEvent } from '#libs/events/catalogue.js';
import type { PermissionCommand } from '#services/identity/domain/permission/commands.js';
import type { ChangeRoleParents, CreateRole } from '#services/identity/domain/role/commands.js';
import { deepestInheritance } from '#services/identity/domain/role/inheritance.js';

import { adminOf, given, permission, role, tenant, user } from './scenario.js';

const read = permission('orders:read');
const retired: DomainEvent = { type: 'PermissionRetired', permission: 'orders:read' };

describe('DefinePermission, ChangePermission, RetirePermission', () => {
  const define: PermissionCommand = {
    type: 'DefinePermission',
    permission: 'orders:read',
    resourceType: 'order',
    description: 'Read orders',
    risk: 'SENSITIVE',
    maxStalenessMs: 5000,
  };
  const change = { ...define, type: 'ChangePermission' } as const;
  const retire: PermissionCommand = { type: 'RetirePermission', permission: 'orders:read' };

  it('define, change and retire, and define again', () => {
    expect(given(tenant).when(define)).toEqual({
      events: [{ ...define, type: 'PermissionDefined' }],
    });
    expect(given(tenant, read).when(change)).toEqual({
      events: [{ ...define, type: 'PermissionChanged' }],
    });
    const same = { ...define, type: 'PermissionDefined' } as DomainEvent;
    expect(given(tenant, same).when(change)).toEqual({ events: [] });
    const audited = { ...change, auditRequired: true } as const;
    expect(given(tenant, same).when(audited)).toEqual({
      events: [{ ...audited, type: 'PermissionChanged' }],
    });
    const flagged = { ...audited, type: 'PermissionChanged' } as DomainEvent;
    expect(given(tenant, same, flagged).when(audited)).toEqual({ events: [] });
    expect(given(tenant, same, flagged).when(change)).toHaveProperty('events.length', 1);
    expect(given(tenant, read).when(retire)).toEqual({ events: [retired] });
    expect(given(tenant, read, retired).when(define)).toHaveProperty('events');
  });

  it('refuse what is or is not defined', () => {
    expect(given(tenant, read).when(define)).toEqual({ rejected: 'ALREADY_EXISTS' });
    for (const command of [change, retire]) {
      expect(given(tenant).when(command)).toEqual({ rejected: 'NOT_FOUND' });
      expect(given(tenant, read, retired).when(command)).toEqual({ rejected: 'NOT_FOUND' });
    }
  });

  it('refuse the names of Ledgate itself, in every command', () => {
    const reserved = { rejected: 'INVALID_ARGUMENT', fields: ['permission'] };
    for (const name of ['ledgate:x', 'ledgate.identity:grant-role', 'Orders:read', 'orders:*']) {
      for (const command of [define, change, retire]) {
        expect(given(tenant).when({ ...command, permission: name })).toEqual(reserved);
      }
    }
  });

  it('refuse bad facts', () => {
    const bad = { resourceType: 'Order', description: 'a\nb', maxStalenessMs: 999 };
    expect(given(tenant).when({ ...define, ...bad })).toEqual({
      rejected: 'INVALID_ARGUMENT',
      fields: ['resource_type', 'description', 'max_staleness_ms'],
    });
  });
});

describe('CreateRole', () => {
  const create: CreateRole = {
    type: 'CreateRole',
    role: 'r1',
    name: 'clerk',
    permissions: ['orders:read', 'carts:*'],
    parents: [],
    admin: false,
  };

  it('needs exact permissions to be defined; patterns may wait', () => {
    expect(given(tenant, read).when(create)).toEqual({
      events: [{ ...create, type: 'RoleCreated' }],
    });
    const missing = { rejected: 'INVALID_ARGUMENT', fields: ['permissions[0]'] };
    expect(given(tenant).when(create)).toEqual(missing);
    expect(given(tenant, read, retired).when(create)).toEqual(missing);
  });

  it('refuses bad fields, all at once', () => {
    const bad = {
      ...create,
      name: 'Clerk',
      permissions: ['a b', 'x:*', 'x:*'],
      parents: ['r', 'r'],
    };
    expect(given(tenant).when(bad)).toEqual({
      rejected: 'INVALID_ARGUMENT',
      fields: ['name', 'permissions[0]', 'permissions[2]', 'parent_role_ids[1]'],
    });
    const many = Array.from({ length: 101 }, (_, at) => `a${at}:*`);
    expect(given(tenant).when({ ...create, permissions: many })).toEqual({
      rejected: 'INVALID_ARGUMENT',
      fields: ['permissions'],
    });
  });

  it('refuses an id, a name and a parent that will not do', () => {
    const bare = { ...create, permissions: [] };
    expect(given(tenant, role('r1')).when(bare)).toEqual({ rejected: 'ALREADY_EXISTS' });
    expect(given(tenant, role('r2')).when({ ...bare, name: 'name-r2' })).toEqual({
      rejected: 'NAME_TAKEN',
    });
    expect(given(tenant).when({ ...bare, parents: ['r2'] })).toEqual({ rejected: 'NOT_FOUND' });
    expect(given(tenant).when({ ...bare, parents: ['r1'] })).toEqual({ rejected: 'NOT_FOUND' });
  });

  it('an admin role permits administration itself, and only admin roles inherit from it', () => {
    const admin = { ...create, admin: true, permissions: ['ledgate.identity:*'] };
    expect(given(tenant).when(admin)).toHaveProperty('events');
    expect(given(tenant).when({ ...admin, permissions: [] })).toEqual({ rejected: 'WRONG_STATE' });
    const child = { ...create, permissions: [], parents: ['r0'] };
    expect(given(tenant, role('r0', [], true)).when(child)).toEqual({ rejected: 'WRONG_STATE' });
  });
});

describe('ChangeRolePermissions', () => {
  const held = role('r1', [], false, ['carts:*']);
  const change = { type: 'ChangeRolePermissions', role: 'r1', add: [], remove: [] } as const;

  it('records only what changes', () => {
    const both = { ...change, add: ['orders:read', 'carts:*'], remove: ['bills:*'] };
    expect(given(tenant, read, held).when(both)).toEqual({
      events: [{ type: 'RolePermissionsChanged', role: 'r1', added: ['orders:read'], removed: [] }],
    });
    expect(given(tenant, held).when({ ...change, remove: ['carts:*'] })).toEqual({
      events: [{ type: 'RolePermissionsChanged', role: 'r1', added: [], removed: ['carts:*'] }],
    });
    expect(given(tenant, held).when({ ...change, add: ['carts:*'] })).toEqual({ events: [] });
  });

  it('refuses undefined permissions, both at once, too many, and no role', () => {
    const refused = (field: string) => ({ rejected: 'INVALID_ARGUMENT', fields: [field] });
    const add = { ...change, add: ['orders:read'] };
    expect(given(tenant, held).when(add)).toEqual(refused('add[0]'));
    expect(given(tenant, held).when({ ...change, add: ['x:*'], remove: ['x:*'] })).toEqual(
      refused('add'),
    );
    const full = role(
      'r1',
      [],
      false,
      Array.from({ length: 500 }, (_, at) => `a${at}:*`),
    );
    expect(given(tenant, full).when({ ...change, add: ['x:*'] })).toEqual(refused('add'));
    expect(given(tenant).when(add)).toEqual({ rejected: 'NOT_FOUND' });
  });

  it('an admin role keeps what makes it one', () => {
    const admin = role('r1', [], true);
    const strip = { ...change, remove: ['*'] };
    expect(given(tenant, admin).when(strip)).toEqual({ rejected: 'WRONG_STATE' });
    const swap = { ...strip, add: ['ledgate.identity:*'] };
    expect(given(tenant, admin).when(swap)).toHaveProperty('events');
  });
});

describe('ChangeRoleParents', () => {
  const change: ChangeRoleParents = { type: 'ChangeRoleParents', role: 'r1', add: [], remove: [] };
  const chain = (length: number, from = 1): DomainEvent[] =>
    Array.from({ length }, (_, at) => role(`r${from + at}`, at === 0 ? [] : [`r${from + at - 1}`]));

  it('records only what changes', () => {
    const base = given(tenant, role('r0'), role('r2'), role('r1', ['r0']));
    expect(base.when({ ...change, add: ['r2', 'r0'], remove: ['r9'] })).toEqual({
      events: [{ type: 'RoleParentsChanged', role: 'r1', added: ['r2'], removed: [] }],
    });
    expect(base.when({ ...change, remove: ['r0'] })).toEqual({
      events: [{ type: 'RoleParentsChanged', role: 'r1', added: [], removed: ['r0'] }],
    });
    expect(base.when({ ...change, add: ['r0'] })).toEqual({ events: [] });
  });

  it('refuses circles of every length', () => {
    expect(given(tenant, role('r1')).when({ ...change, add: ['r1'] })).toEqual({
      rejected: 'CYCLE',
    });
    expect(given(tenant, ...chain(2)).when({ ...change, add: ['r2'] })).toEqual({
      rejected: 'CYCLE',
    });
    expect(given(tenant, ...chain(5)).when({ ...change, add: ['r5'] })).toEqual({
      rejected: 'CYCLE',
    });
  });

  it('counts the levels above and below', () => {
    const above = chain(8, 20);
    const fits = [...above, ...chain(deepestInheritance - 8)];
    expect(given(tenant, ...fits).when({ ...change, add: ['r27'] })).toHaveProperty('events');
    const tooDeep = [...above, ...chain(deepestInheritance - 7)];
    expect(given(tenant, ...tooDeep).when({ ...change, add: ['r27'] })).toEqual({
      rejected: 'LIMIT_REACHED',
    });
  });

  it('limits how many roles inherit together', () => {
    const children = Array.from({ length: 64 }, (_, at) => role(`c${at}`, ['r1']));
    const wide = given(tenant, role('r1'), role('r2'), ...children);
    expect(wide.when({ ...change, add: ['r2'] })).toEqual({ rejected: 'LIMIT_REACHED' });
  });

  it('refuses an unknown role or parent, too many, both at once, and admin parents', () => {
    expect(given(tenant).when(change)).toEqual({ rejected: 'NOT_FOUND' });
    expect(given(tenant, role('r1')).when({ ...change, add: ['r2'] })).toEqual({
      rejected: 'NOT_FOUND',
    });
    const refused = { rejected: 'INVALID_ARGUMENT', fields: ['add_role_ids'] };
    const many = Array.from({ length: 17 }, (_, at) => `m${at}`);
    expect(given(tenant, role('r1')).when({ ...change, add: many })).toEqual(refused);
    expect(given(tenant, role('r1')).when({ ...change, add: ['x'], remove: ['x'] })).toEqual(
      refused,
    );
    expect(
      given(tenant, role('r1'), role('r2', [], true)).when({ ...change, add: ['r2'] }),
    ).toEqual({ rejected: 'WRONG_STATE' });
  });
});

describe('RenameRole, DeleteRole', () => {
  const rename = { type: 'RenameRole', role: 'r1', name: 'cashier' } as const;
  const remove = { type: 'DeleteRole', role: 'r1' } as const;
  const renamed = { type: 'RoleRenamed', role: 'r1', oldName: 'name-r1', name: 'cashier' } as const;

  it('rename frees the old name', () => {
    expect(given(tenant, role('r1')).when(rename)).toEqual({ events: [renamed] });
    expect(given(tenant, role('r1'), renamed).when(rename)).toEqual({ events: [] });
    const other = { ...rename, role: 'r2', name: 'name-r1' };
    expect(given(tenant, role('r1'), role('r2')).when(other)).toEqual({ rejected: 'NAME_TAKEN' });
    expect(given(tenant, role('r1'), role('r2'), renamed).when(other)).toHaveProperty('events');
    expect(given(tenant).when(rename)).toEqual({ rejected: 'NOT_FOUND' });
    expect(given(tenant, role('r1')).when({ ...rename, name: '' })).toEqual({
      rejected: 'INVALID_ARGUMENT',
      fields: ['name'],
    });
  });

  it('delete names what it frees, and refuses a role that others inherit from', () => {
    expect(given(tenant, role('r0'), role('r1', ['r0']), renamed).when(remove)).toEqual({
      events: [{ type: 'RoleDeleted', role: 'r1', name: 'cashier', parents: ['r0'], admin: false }],
    });
    expect(given(tenant, role('r1'), role('r2', ['r1'])).when(remove)).toEqual({
      rejected: 'IN_USE',
    });
    const freed = {
      type: 'RoleDeleted',
      role: 'r2',
      name: 'name-r2',
      parents: ['r1'],
      admin: false,
    } as const;
    expect(given(tenant, role('r1'), role('r2', ['r1']), freed).when(remove)).toHaveProperty(
      'events',
    );
    expect(given(tenant).when(remove)).toEqual({ rejected: 'NOT_FOUND' });
  });

  it('delete keeps the role of the last administrator', () => {
    const base = [tenant, user('p1'), role('admin', [], true), adminOf('x1', 'p1')];
    const last = { ...remove, role: 'admin' };
    expect(given(...base).when(last)).toEqual({ rejected: 'LAST_ADMIN' });
    const second = adminOf('x2', 'p1', { role: 'r9' });
    expect(given(...base, role('r9', [], true), second).when(last)).toEqual({
      events: [
        { type: 'RoleDeleted', role: 'admin', name: 'name-admin', parents: [], admin: true },
      ],
    });
  });
});
