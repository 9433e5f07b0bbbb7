import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { GrantServiceService as Grants } from '#proto/ledgate/identity/v1/grant.js';
import { GroupServiceService as Groups } from '#proto/ledgate/identity/v1/group.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { RoleServiceService as Roles } from '#proto/ledgate/identity/v1/role.js';
import {
  RevocationScope,
  TokenServiceService as Tokens,
} from '#proto/ledgate/identity/v1/token.js';
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
const password = 'seven quiet lanterns';
const denied = { code: status.PERMISSION_DENIED };
let world: World;
let acme: TenantSetup;
/** Another administrator. */
let second: string;
/** Sets passwords, makes keys and login names, adds members, revokes: and administers nothing. */
let desk: { readonly id: string; readonly key: string };
const ofDesk = [
  'set-password',
  'create-api-key',
  'rotate-api-key',
  'add-login-name',
  'unblock-credential',
  'revoke-grant',
  'revoke-tokens',
].map((verb) => `ledgate.identity:${verb}`);

beforeAll(async () => {
  world = await startWorld(testConfig(folder.path));
  acme = await setUpTenant(world, 'acme');
  second = await setUpUser(world, acme.admin, 'second', password);
  await world.call(Grants.grantRole, { principalId: second, roleId: acme.adminRoleId }, acme.admin);
  const id = await setUpUser(world, acme.admin, 'desk');
  await setUpGrant(world, acme.admin, id, { name: 'desk', permissions: ofDesk });
  desk = { id, key: (await setUpApiKey(world, acme.admin, id)).apiKey };
});
afterAll(async () => {
  await world.close();
  folder.remove();
});

describe('a limited credential of an administrator', () => {
  it('makes no administrator, and no wider credential of another one', async () => {
    const scopes = [
      'ledgate.identity:grant-role',
      'ledgate.identity:create-role',
      'ledgate.identity:set-password',
      'ledgate.identity:create-api-key',
      'ledgate.identity:add-login-name',
    ];
    const { apiKey } = await setUpApiKey(world, acme.admin, acme.adminId, { scopes });
    const helper = await setUpUser(world, acme.admin, 'accomplice', password);
    const attempts = [
      world.call(Grants.grantRole, { principalId: helper, roleId: acme.adminRoleId }, apiKey),
      world.call(Roles.createRole, { name: 'all', permissions: ['*'], admin: true }, apiKey),
      world.call(
        Credentials.setPassword,
        { principalId: second, password: 'nine brass umbrellas' },
        apiKey,
      ),
      world.call(Credentials.createApiKey, { principalId: second, name: 'k' }, apiKey),
      world.call(Principals.addLoginName, { principalId: second, kind: 1, value: 'door' }, apiKey),
    ];
    for (const attempt of attempts) expect(await refusal(attempt)).toMatchObject(denied);
  });

  it('still does what its scopes say where nobody gains more', async () => {
    const scopes = ['ledgate.identity:set-password'];
    const { apiKey } = await setUpApiKey(world, acme.admin, acme.adminId, { scopes });
    const principalId = await setUpUser(world, acme.admin, 'plain', password);
    const request = { principalId, password: 'nine brass umbrellas' };
    await expect(world.call(Credentials.setPassword, request, apiKey)).resolves.toBeDefined();
  });
});

describe('whoever may reset passwords and make keys', () => {
  it('gets no permission of Ledgate by acting as somebody who holds more of them', async () => {
    const star = await setUpUser(world, acme.admin, 'star', password);
    await setUpGrant(world, acme.admin, star, { name: 'everything', permissions: ['*'] });
    const byGroup = await setUpUser(world, acme.admin, 'by-group', password);
    const { groupId } = await world.call(Groups.createGroup, { name: 'makers' }, acme.admin);
    const { roleId } = await world.call(
      Roles.createRole,
      { name: 'maker', permissions: ['ledgate.identity:create-role'] },
      acme.admin,
    );
    await world.call(Grants.grantRole, { groupId, roleId }, acme.admin);
    await world.call(Groups.addGroupMember, { groupId, principalId: byGroup }, acme.admin);
    const old = await setUpApiKey(world, acme.admin, star);
    for (const principalId of [star, byGroup]) {
      const attempts = [
        world.call(
          Credentials.setPassword,
          { principalId, password: 'nine brass umbrellas' },
          desk.key,
        ),
        world.call(Credentials.createApiKey, { principalId, name: 'k' }, desk.key),
        world.call(Principals.addLoginName, { principalId, kind: 1, value: 'door' }, desk.key),
      ];
      for (const attempt of attempts) expect(await refusal(attempt)).toMatchObject(denied);
    }
    const { credentialId } = old;
    const rotated = world.call(Credentials.rotateApiKey, { credentialId }, desk.key);
    expect(await refusal(rotated)).toMatchObject(denied);
  });

  it('acts for those who hold no more of them than itself', async () => {
    const colleague = await setUpUser(world, acme.admin, 'colleague', password);
    await setUpGrant(world, acme.admin, colleague, {
      name: 'part-of-the-desk',
      permissions: ['ledgate.identity:set-password', 'orders:*'],
    });
    const request = { principalId: colleague, password: 'nine brass umbrellas' };
    await expect(world.call(Credentials.setPassword, request, desk.key)).resolves.toBeDefined();
  });
});

describe('administrators answer to administrators', () => {
  it('whoever may revoke takes from them neither their role nor their tokens', async () => {
    const { grants } = await world.call(Grants.listGrants, { principalId: second }, acme.admin);
    const grantId = grants[0]?.grantId ?? '';
    const principal = { scope: RevocationScope.REVOCATION_SCOPE_PRINCIPAL, principalId: second };
    const tenant = { scope: RevocationScope.REVOCATION_SCOPE_TENANT };
    const attempts = [
      world.call(Grants.revokeGrant, { grantId }, desk.key),
      world.call(Tokens.revokeTokens, principal, desk.key),
      world.call(Tokens.revokeTokens, tenant, desk.key),
    ];
    for (const attempt of attempts) expect(await refusal(attempt)).toMatchObject(denied);
    await expect(logIn(world, 'acme', 'second', password)).resolves.not.toBe('');
  });

  it('whoever may revoke does so for everybody else', async () => {
    const user = await setUpUser(world, acme.admin, 'leaver', password);
    const { grantId } = await setUpGrant(world, acme.admin, user, {
      name: 'leaving',
      permissions: ['orders:*'],
    });
    const request = { scope: RevocationScope.REVOCATION_SCOPE_PRINCIPAL, principalId: user };
    await expect(world.call(Tokens.revokeTokens, request, desk.key)).resolves.toBeDefined();
    await expect(world.call(Grants.revokeGrant, { grantId }, desk.key)).resolves.toBeDefined();
  });

  it('an administrator without a password does not block the key of the call', async () => {
    const third = await setUpUser(world, acme.admin, 'third');
    await world.call(
      Grants.grantRole,
      { principalId: third, roleId: acme.adminRoleId },
      acme.admin,
    );
    const { apiKey, credentialId } = await setUpApiKey(world, acme.admin, third);
    const blocked = world.call(Credentials.blockCredential, { credentialId }, apiKey);
    expect(await refusal(blocked)).toMatchObject({ code: status.FAILED_PRECONDITION });
  });
});
