import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GrantServiceService as Grants } from '#proto/ledgate/identity/v1/grant.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
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

describe('a walk through identity', () => {
  const folder = temporaryFolder();
  let world: World;
  let acme: TenantSetup;

  beforeAll(async () => {
    world = await startWorld(testConfig(folder.path));
    acme = await setUpTenant(world, 'acme');
  });
  afterAll(async () => {
    await world.close();
    folder.remove();
  });

  it('registers a user who is found by any spelling of a login name', async () => {
    const request = { username: 'bob', email: 'Bob@Example.org' };
    const { principalId } = await world.call(Principals.createUser, request, acme.admin);
    for (const loginName of ['BOB', 'bob@example.ORG', 'ｂｏｂ']) {
      const found = await world.call(Principals.getPrincipal, { loginName }, acme.admin);
      expect(found.principal?.principalId).toBe(principalId);
    }
    const { principal } = await world.call(Principals.getPrincipal, { principalId }, acme.admin);
    expect(principal?.loginNames).toMatchObject([
      { value: 'bob', verified: true },
      { value: 'Bob@Example.org', verified: false },
    ]);
  });

  it('lets a granted key act until the grant is revoked', async () => {
    const carol = await setUpUser(world, acme.admin, 'carol');
    const { apiKey } = await setUpApiKey(world, acme.admin, carol);
    const listing = (): Promise<unknown> => world.call(Tenants.getTenant, {}, apiKey);
    await expect(listing()).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
    const { grantId } = await setUpGrant(world, acme.admin, carol, {
      name: 'reader',
      permissions: ['ledgate.identity:get-tenant'],
    });
    await expect(listing()).resolves.toMatchObject({ tenant: { slug: 'acme' } });
    await world.call(Grants.revokeGrant, { grantId }, acme.admin);
    await expect(listing()).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
  });

  it('kills tokens by a watermark at once', async () => {
    const password = 'seven quiet lanterns';
    const dave = await setUpUser(world, acme.admin, 'dave', password);
    const token = await logIn(world, 'acme', 'dave', password);
    const own = { principalId: dave };
    await expect(world.call(Principals.getPrincipal, own, token)).resolves.toBeDefined();
    await world.call(Tokens.revokeTokens, { scope: 1, principalId: dave }, acme.admin);
    const refused = { code: status.UNAUTHENTICATED };
    await expect(world.call(Principals.getPrincipal, own, token)).rejects.toMatchObject(refused);
    const again = await logIn(world, acme.tenantId, 'dave', password);
    await expect(world.call(Principals.getPrincipal, own, again)).resolves.toBeDefined();
  });
});
