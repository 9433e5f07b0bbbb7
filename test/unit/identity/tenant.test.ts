import { describe, expect, it } from 'vitest';

import type { TenantCommand } from '#services/identity/domain/tenant/commands.js';

import { given, loginName, nowMs, operator, system, tenant, vault } from './scenario.js';

const create: TenantCommand = {
  type: 'CreateTenant',
  slug: 'acme',
  displayName: 'Acme Inc.',
  settings: {},
  blindIndexKey: vault,
  adminRole: 'r1',
};
const admin = {
  principal: {
    type: 'RegisterPrincipal',
    principal: 'p1',
    kind: 'USER',
    loginNames: [loginName('n1')],
    origin: 'ADMIN',
    password: { credential: 'c1', hash: vault, params: 'm=1', mustChange: true },
  },
  grant: 'x1',
} as const;
const suspended = { type: 'TenantSuspended' } as const;
const deleted = { type: 'TenantDeleted', slug: 'acme', eraseAfterMs: 1 } as const;

const byOperator = { actor: operator };

describe('CreateTenant', () => {
  it('makes the tenant, its built-in permissions and its admin role in one record', () => {
    const result = given().when(create, byOperator);
    const events = 'events' in result ? result.events : [];
    expect(events[0]).toEqual({
      type: 'TenantCreated',
      slug: 'acme',
      displayName: 'Acme Inc.',
      settings: {},
      blindIndexKey: vault,
    });
    expect(events.at(-1)).toEqual({
      type: 'RoleCreated',
      role: 'r1',
      name: 'admin',
      permissions: ['*'],
      parents: [],
      admin: true,
    });
    const defined = events.flatMap((one) => ('permission' in one ? [one.permission] : []));
    expect(defined).toHaveLength(events.length - 2);
    expect(defined).toContain('ledgate.identity:grant-role');
    expect(defined).toContain('ledgate.authorizer:ask-any');
  });

  it('defines what reaches other tenants in the system tenant only', () => {
    const names = (tenantId: string) => {
      const result = given().when(create, { actor: system, tenant: tenantId });
      return JSON.stringify(result).match(/ledgate\.identity:[a-z-]+/g) ?? [];
    };
    expect(names('system')).toContain('ledgate.identity:create-tenant');
    expect(names('t1')).not.toContain('ledgate.identity:create-tenant');
    expect(names('t1')).not.toContain('ledgate.identity:rotate-signing-key');
  });

  it('registers and grants the first admin in the same record', () => {
    const result = given().when({ ...create, admin }, byOperator);
    const last = 'events' in result ? result.events.slice(-3) : [];
    expect(last).toEqual([
      {
        type: 'PrincipalRegistered',
        principal: 'p1',
        kind: 'USER',
        profile: undefined,
        loginNames: [loginName('n1')],
        origin: 'ADMIN',
      },
      {
        type: 'PasswordSet',
        principal: 'p1',
        version: 1,
        cause: 'ADMIN',
        ...admin.principal.password,
      },
      {
        type: 'RoleGranted',
        grant: 'x1',
        subjectKind: 'PRINCIPAL',
        subject: 'p1',
        role: 'r1',
        resourcePrefix: '',
        expiresAtMs: undefined,
        ticket: undefined,
        admin: true,
      },
    ]);
  });

  it('is refused as a whole when one step is', () => {
    const nameless = { ...admin, principal: { ...admin.principal, loginNames: [] } };
    expect(given().when({ ...create, admin: nameless }, byOperator)).toEqual({
      rejected: 'INVALID_ARGUMENT',
      fields: ['login_names'],
    });
  });

  it('refuses bad fields, all at once', () => {
    const bad = { ...create, slug: 'Acme', displayName: '', settings: { passwordMinLength: 7 } };
    expect(given().when(bad, byOperator)).toEqual({
      rejected: 'INVALID_ARGUMENT',
      fields: ['slug', 'display_name', 'settings.password_min_length'],
    });
  });

  it('refuses an existing tenant and a taken slug', () => {
    expect(given(tenant).when(create, byOperator)).toEqual({ rejected: 'ALREADY_EXISTS' });
    const elsewhere = [tenant];
    const taken = given().when(create, { ...byOperator, elsewhere });
    expect(taken).toEqual({ rejected: 'NAME_TAKEN' });
    const freed = given().when(create, { ...byOperator, elsewhere: [tenant, deleted] });
    expect(freed).toHaveProperty('events');
  });

  it('is for the system tenant', () => {
    expect(given().when(create)).toEqual({ rejected: 'PERMISSION_DENIED' });
  });
});

describe('ChangeTenantSettings', () => {
  const change = (settings: object): TenantCommand => ({ type: 'ChangeTenantSettings', settings });

  it('records only what changes', () => {
    const before = {
      type: 'TenantSettingsChanged',
      settings: { passwordMinLength: 12, accessTokenTtlMs: 60_000 },
    } as const;
    const both = change({ passwordMinLength: 12, accessTokenTtlMs: 120_000 });
    expect(given(tenant, before).when(both)).toEqual({
      events: [{ type: 'TenantSettingsChanged', settings: { accessTokenTtlMs: 120_000 } }],
    });
  });

  it('changes nothing when all is as asked', () => {
    expect(given(tenant).when(change({}))).toEqual({ events: [] });
  });

  it('refuses values out of range, also together with what is set', () => {
    const set = { type: 'TenantSettingsChanged', settings: { hardStalenessMs: 20_000 } } as const;
    expect(given(tenant, set).when(change({ softStalenessMs: 30_000 }))).toEqual({
      rejected: 'INVALID_ARGUMENT',
      fields: ['settings.soft_staleness_ms'],
    });
    expect(given(tenant).when(change({ accessTokenTtlMs: 1.5 }))).toEqual({
      rejected: 'INVALID_ARGUMENT',
      fields: ['settings.access_token_ttl_ms'],
    });
  });
});

describe('SuspendTenant, ResumeTenant, DeleteTenant', () => {
  const remove = { type: 'DeleteTenant', confirmSlug: 'acme', eraseAfterMs: nowMs } as const;

  it('move the tenant through its states', () => {
    expect(given(tenant).when({ type: 'SuspendTenant' }, byOperator)).toEqual({
      events: [suspended],
    });
    expect(given(tenant, suspended).when({ type: 'ResumeTenant' }, byOperator)).toEqual({
      events: [{ type: 'TenantResumed' }],
    });
    expect(given(tenant, suspended).when(remove, byOperator)).toEqual({
      events: [{ type: 'TenantDeleted', slug: 'acme', eraseAfterMs: nowMs }],
    });
  });

  it('refuse a tenant in another state', () => {
    const wrong = { rejected: 'WRONG_STATE' };
    expect(given(tenant, suspended).when({ type: 'SuspendTenant' }, byOperator)).toEqual(wrong);
    expect(given(tenant).when({ type: 'ResumeTenant' }, byOperator)).toEqual(wrong);
    expect(given(tenant, deleted).when({ type: 'ResumeTenant' }, byOperator)).toEqual(wrong);
  });

  it('refuse a tenant that does not exist, the system tenant, and a slip of the slug', () => {
    expect(given().when({ type: 'SuspendTenant' }, byOperator)).toEqual({ rejected: 'NOT_FOUND' });
    const own = { ...byOperator, tenant: 'system' };
    expect(given(tenant).when({ type: 'SuspendTenant' }, own)).toEqual({ rejected: 'WRONG_STATE' });
    expect(given(tenant).when(remove, own)).toEqual({ rejected: 'WRONG_STATE' });
    expect(given(tenant).when({ ...remove, confirmSlug: 'acne' }, byOperator)).toEqual({
      rejected: 'INVALID_ARGUMENT',
      fields: ['confirm_slug'],
    });
  });

  it('are for the system tenant', () => {
    for (const type of ['SuspendTenant', 'ResumeTenant'] as const) {
      expect(given(tenant).when({ type })).toEqual({ rejected: 'PERMISSION_DENIED' });
    }
    expect(given(tenant).when(remove)).toEqual({ rejected: 'PERMISSION_DENIED' });
  });
});

describe('a tenant that is not active', () => {
  const command = { type: 'CreateGroup', group: 'g1', name: 'crew' } as const;

  it('takes commands of the system tenant while suspended, none when deleted', () => {
    expect(given(tenant, suspended).when(command)).toEqual({ rejected: 'WRONG_STATE' });
    expect(given(tenant, suspended).when(command, byOperator)).toHaveProperty('events');
    expect(given(tenant, deleted).when(command, byOperator)).toEqual({ rejected: 'WRONG_STATE' });
    expect(given().when(command)).toEqual({ rejected: 'NOT_FOUND' });
  });
});
