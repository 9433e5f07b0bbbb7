import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { GrantServiceService as Grants } from '#proto/ledgate/identity/v1/grant.js';
import { GroupServiceService as Groups } from '#proto/ledgate/identity/v1/group.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { RoleServiceService as Roles } from '#proto/ledgate/identity/v1/role.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { refusal } from '../../support/identity/refusal.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type World,
} from '../../support/identity/running-identity.js';
import {
  logIn,
  setUpApiKey,
  setUpGrant,
  setUpTenant,
  setUpUser,
  type TenantSetup,
} from '../../support/identity/tenant-setup.js';

const folder = temporaryFolder();
let world: World;
let acme: TenantSetup;
/** May use every method of identity, but administers nothing. */
let helper: { readonly id: string; readonly key: string };

beforeAll(async () => {
  world = await startWorld(testConfig(folder.path));
  acme = await setUpTenant(world, 'acme');
  const id = await setUpUser(world, acme.admin, 'helper');
  await setUpGrant(world, acme.admin, id, { name: 'desk', permissions: ['ledgate.identity:*'] });
  helper = { id, key: (await setUpApiKey(world, acme.admin, id)).apiKey };
});
afterAll(async () => {
  await world.close();
  folder.remove();
});

const denied = { code: status.PERMISSION_DENIED };

describe('whoever does not administer', () => {
  it('can do the daily work', async () => {
    const user = await setUpUser(world, helper.key, 'daily');
    const permission = {
      name: 'orders:read',
      resourceType: '',
      description: '',
      risk: 1,
      maxStalenessMs: 0n,
      auditRequired: false,
    } as const;
    await world.call(Roles.definePermission, { permission }, helper.key);
    const clerk = { name: 'clerk', permissions: ['orders:read'] };
    await expect(setUpGrant(world, helper.key, user, clerk)).resolves.toBeDefined();
  });

  it('cannot grant an admin role, nor Ledgate permissions, to itself or others', async () => {
    const grant = { principalId: helper.id, roleId: acme.adminRoleId };
    expect(await refusal(world.call(Grants.grantRole, grant, helper.key))).toMatchObject(denied);
    const rights = { name: 'mine', permissions: ['ledgate.identity:get-role'] };
    expect(await refusal(world.call(Roles.createRole, rights, helper.key))).toMatchObject(denied);
    const admin = { name: 'boss', permissions: ['*'], admin: true };
    expect(await refusal(world.call(Roles.createRole, admin, helper.key))).toMatchObject(denied);
    const star = { name: 'star', permissions: ['*'] };
    expect(await refusal(world.call(Roles.createRole, star, helper.key))).toMatchObject(denied);
  });

  it('cannot get there by inheritance, by changing a role, or by a group', async () => {
    const { roleId } = await world.call(Roles.createRole, { name: 'plain' }, helper.key);
    const { roleId: strong } = await world.call(
      Roles.createRole,
      { name: 'strong', permissions: ['ledgate.identity:*'] },
      acme.admin,
    );
    const attempts = [
      world.call(Roles.changeRoleParents, { roleId, addRoleIds: [strong] }, helper.key),
      world.call(Roles.changeRolePermissions, { roleId, add: ['*'] }, helper.key),
      world.call(Roles.createRole, { name: 'child', parentRoleIds: [strong] }, helper.key),
      world.call(Grants.grantRole, { principalId: helper.id, roleId: strong }, helper.key),
    ];
    for (const attempt of attempts) expect(await refusal(attempt)).toMatchObject(denied);
    const { groupId } = await world.call(Groups.createGroup, { name: 'strong-ones' }, acme.admin);
    await world.call(Grants.grantRole, { groupId, roleId: strong }, acme.admin);
    const join = { groupId, principalId: helper.id };
    expect(await refusal(world.call(Groups.addGroupMember, join, helper.key))).toMatchObject(
      denied,
    );
    await expect(world.call(Groups.addGroupMember, join, acme.admin)).resolves.toBeDefined();
  });

  it('cannot act as an administrator, nor against one', async () => {
    const principalId = acme.adminId;
    const attempts = [
      world.call(
        Credentials.setPassword,
        { principalId, password: 'nine brass umbrellas' },
        helper.key,
      ),
      world.call(Credentials.createApiKey, { principalId, name: 'k' }, helper.key),
      world.call(Credentials.removePassword, { principalId }, helper.key),
      world.call(Principals.addLoginName, { principalId, kind: 1, value: 'backdoor' }, helper.key),
      world.call(Principals.suspendPrincipal, { principalId }, helper.key),
      world.call(Principals.deletePrincipal, { principalId }, helper.key),
    ];
    for (const attempt of attempts) expect(await refusal(attempt)).toMatchObject(denied);
  });
});

describe('a limited credential', () => {
  it('cannot make a wider one', async () => {
    const user = await setUpUser(world, acme.admin, 'limited', 'seven quiet lanterns');
    const scopes = ['ledgate.identity:get-tenant'];
    const narrow = await setUpApiKey(world, acme.admin, user, { scopes });
    const bound = await setUpApiKey(world, acme.admin, user, { resourcePrefix: 'projects/1' });
    for (const { apiKey } of [narrow, bound]) {
      const more = world.call(Credentials.createApiKey, { name: 'wider' }, apiKey);
      expect(await refusal(more)).toMatchObject(denied);
    }
    const whole = await setUpApiKey(world, acme.admin, user);
    await expect(
      world.call(Credentials.createApiKey, { name: 'own' }, whole.apiKey),
    ).resolves.toBeDefined();
    const request = {
      tenant: 'acme',
      loginName: 'limited',
      password: 'seven quiet lanterns',
      scopes,
    };
    const { accessToken } = await world.call(Tokens.login, request);
    const byToken = world.call(Credentials.createApiKey, { name: 'wider' }, accessToken);
    expect(await refusal(byToken)).toMatchObject(denied);
  });

  it('of an administrator with a scope may make no key for the administrator itself', async () => {
    const request = {
      tenant: 'acme',
      loginName: 'admin',
      password: 'wandering teapots hum',
      scopes: ['ledgate.identity:create-api-key'],
    };
    const { accessToken } = await world.call(Tokens.login, request);
    const own = world.call(Credentials.createApiKey, { name: 'wide' }, accessToken);
    expect(await refusal(own)).toMatchObject(denied);
  });

  it('gives tokens within its scopes only, and none at all when bound to a prefix', async () => {
    const { principalId } = await world.call(
      Principals.createServiceAccount,
      { username: 'svc' },
      acme.admin,
    );
    const scopes = ['orders:*'];
    const { apiKey } = await setUpApiKey(world, acme.admin, principalId, { scopes });
    for (const wanted of [['*'], ['invoices:read'], ['orders:read', 'users:*']]) {
      const refused = await refusal(world.call(Tokens.issueToken, { scopes: wanted }, apiKey));
      expect(refused.code).toBe(status.INVALID_ARGUMENT);
    }
    for (const wanted of [[], ['orders:*'], ['orders:read', 'orders:items:*']]) {
      await expect(
        world.call(Tokens.issueToken, { scopes: wanted }, apiKey),
      ).resolves.toBeDefined();
    }
    const bound = await setUpApiKey(world, acme.admin, principalId, { resourcePrefix: 'a' });
    const refused = await refusal(world.call(Tokens.issueToken, {}, bound.apiKey));
    expect(refused).toMatchObject(denied);
  });
});

describe('what an administrator loses while it acts', () => {
  it('voids what it has in flight: rights are read with every command', async () => {
    const shop = await setUpTenant(world, 'shop');
    const second = await setUpUser(world, shop.admin, 'second', 'seven quiet lanterns');
    await world.call(
      Grants.grantRole,
      { principalId: second, roleId: shop.adminRoleId },
      shop.admin,
    );
    const token = await logIn(world, 'shop', 'second', 'seven quiet lanterns');
    const { grants } = await world.call(Grants.listGrants, { principalId: second }, shop.admin);
    const grantId = grants[0]?.grantId ?? '';
    const names = Array.from({ length: 30 }, (_, at) => `g-${at}`);
    const work = names.map((name) => world.call(Groups.createGroup, { name }, token));
    const revoked = await world.call(Grants.revokeGrant, { grantId }, shop.admin);
    const results = await Promise.allSettled(work);
    for (const result of results) {
      if (result.status !== 'fulfilled') continue;
      const position = result.value.result?.position ?? 0n;
      expect(position < (revoked.result?.position ?? 0n)).toBe(true);
    }
    const after = world.call(Groups.createGroup, { name: 'late' }, token);
    expect(await refusal(after)).toMatchObject(denied);
  });
});
