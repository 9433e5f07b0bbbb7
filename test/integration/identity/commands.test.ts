import { readFileSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import { Secret } from '#libs/runtime/secret.js';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { GrantServiceService as Grants } from '#proto/ledgate/identity/v1/grant.js';
import { GroupServiceService as Groups } from '#proto/ledgate/identity/v1/group.js';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { RoleServiceService as Roles } from '#proto/ledgate/identity/v1/role.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { refusal } from '../../support/identity/refusal.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type World,
} from '../../support/identity/running-identity.js';
import {
  setUpApiKey,
  setUpTenant,
  setUpUser,
  type TenantSetup,
} from '../../support/identity/tenant-setup.js';

/** Two instances on one ledger and one vault, as two processes would be. */
const folder = temporaryFolder();
const second = temporaryFolder();
const store = openEmbeddedStore(`${folder.path}/shared`);
let world: World;
let other: World;
let acme: TenantSetup;

beforeAll(async () => {
  const shared = { log: store.log('auth.ledger.v1'), vault: store.vault() };
  world = await startWorld(testConfig(folder.path), shared);
  const key = (name: string) =>
    new Secret(readFileSync(`${folder.path}/keys/${name}.key`, 'utf8').trim());
  const keys = { masterKey: key('master'), ledgerKey: key('ledger') };
  const again = { log: store.log('auth.ledger.v1'), vault: store.vault() };
  other = await startWorld(testConfig(second.path, keys), again);
  acme = await setUpTenant(world, 'acme');
});
afterAll(async () => {
  await other.close();
  await world.close();
  await store.close();
  folder.remove();
  second.remove();
});

const position = async (): Promise<bigint> =>
  (await world.call(Ledger.getStatus, {}, world.root)).position;

const options = (commandId: string) => ({ commandId, reason: 'test' });

describe('a repeated command', () => {
  it('answers with the first result and appends nothing, on either instance', async () => {
    const request = {
      options: options('create-ann'),
      username: 'ann',
      password: 'seven quiet lanterns',
    };
    const first = await world.call(Principals.createUser, request, acme.admin);
    const before = await position();
    for (const instance of [world, other]) {
      const again = await instance.call(Principals.createUser, request, acme.admin);
      expect(again.principalId).toBe(first.principalId);
      expect(again.result).toMatchObject({ replayed: true, position: first.result?.position });
    }
    expect(first.result?.replayed).toBe(false);
    expect(await position()).toBe(before);
  });

  it('never shows a secret again', async () => {
    const principalId = await setUpUser(world, acme.admin, 'bob');
    const request = { options: options('key-1'), principalId, name: 'ci' };
    const first = await world.call(Credentials.createApiKey, request, acme.admin);
    const again = await world.call(Credentials.createApiKey, request, acme.admin);
    expect(first).toMatchObject({
      secretAvailable: true,
      apiKey: expect.stringMatching(/^lgk_/u) as string,
    });
    expect(again).toMatchObject({
      secretAvailable: false,
      apiKey: '',
      credentialId: first.credentialId,
    });
  });

  it('names the same tenant again', async () => {
    const request = { options: options('tenant-1'), slug: 'shop', displayName: 'Shop' };
    const first = await world.call(Tenants.createTenant, request, world.root);
    const again = await other.call(Tenants.createTenant, request, world.root);
    expect(again).toMatchObject({ tenantId: first.tenantId, adminRoleId: first.adminRoleId });
    expect(again.result?.replayed).toBe(true);
  });

  it('is refused when the same id asks for something else; ids of others do not matter', async () => {
    await world.call(Groups.createGroup, { options: options('g'), name: 'one' }, acme.admin);
    const clash = await refusal(
      world.call(Groups.createGroup, { options: options('g'), name: 'two' }, acme.admin),
    );
    expect(clash).toMatchObject({ code: status.FAILED_PRECONDITION });
    const ofRoot = { options: options('g'), tenantId: acme.tenantId, name: 'two' };
    await expect(world.call(Groups.createGroup, ofRoot, world.root)).resolves.toBeDefined();
  });

  it('counts once when both instances get it at the same moment', async () => {
    const request = { options: options('race'), name: 'raced' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, at) =>
        (at % 2 === 0 ? world : other).call(Groups.createGroup, request, acme.admin),
      ),
    );
    expect(new Set(answers.map(({ groupId }) => groupId)).size).toBe(1);
    expect(answers.filter(({ result }) => result?.replayed === false)).toHaveLength(1);
  });
});

describe('two instances', () => {
  it('give a login name away once', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, at) =>
        (at % 2 === 0 ? world : other).call(
          Principals.createUser,
          { username: 'Unique' },
          acme.admin,
        ),
      ),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    const refused = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    for (const error of refused) expect(error).toMatchObject({ code: status.ALREADY_EXISTS });
  });

  it('know of each other within the answer: a token of one is good at the other', async () => {
    const { principalId } = await world.call(
      Principals.createServiceAccount,
      { username: 'svc' },
      acme.admin,
    );
    const { apiKey } = await setUpApiKey(world, acme.admin, principalId);
    const { accessToken } = await world.call(Tokens.issueToken, {}, apiKey);
    await expect(
      other.call(Principals.getPrincipal, { principalId }, accessToken),
    ).resolves.toBeDefined();
  });

  it('carry out 200 commands at once, each exactly once, and end with the same state', async () => {
    const names = Array.from({ length: 200 }, (_, at) => `crowd-${at}`);
    await Promise.all(
      names.map((name, at) =>
        (at % 2 === 0 ? world : other).call(Groups.createGroup, { name }, acme.admin),
      ),
    );
    const states = async () => {
      const barrier = await world.call(Ledger.appendBarrier, {}, acme.admin);
      const seen = async (instance: World) => {
        let state = await instance.call(Ledger.getStatus, { stateHash: true }, world.root);
        for (let tries = 0; state.position < barrier.position && tries < 100; tries += 1) {
          state = await instance.call(Ledger.getStatus, { stateHash: true }, world.root);
        }
        return state.stateHash;
      };
      return [await seen(world), await seen(other)];
    };
    const [mine, theirs] = await states();
    expect(mine).toBe(theirs);
    const page = { pageSize: 500, pageToken: '' };
    const { groups } = await world.call(Groups.listGroups, { page }, acme.admin);
    expect(groups.filter(({ name }) => name.startsWith('crowd-'))).toHaveLength(200);
  });

  it('never take the last administrator away, whoever asks', async () => {
    const shop = await setUpTenant(world, 'last-admin');
    const twin = await setUpUser(world, shop.admin, 'twin');
    const grant = { principalId: twin, roleId: shop.adminRoleId };
    await world.call(Grants.grantRole, grant, shop.admin);
    const { grants } = await world.call(
      Grants.listGrants,
      { principalId: shop.adminId },
      shop.admin,
    );
    const { grants: twins } = await world.call(
      Grants.listGrants,
      { principalId: twin },
      shop.admin,
    );
    const revoke = (instance: World, grantId: string) =>
      instance.call(Grants.revokeGrant, { grantId, tenantId: shop.tenantId }, world.root);
    const results = await Promise.allSettled([
      revoke(world, grants[0]?.grantId ?? ''),
      revoke(other, twins[0]?.grantId ?? ''),
    ]);
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    expect(refused).toMatchObject([{ code: status.FAILED_PRECONDITION }]);
  });
});

describe('pages', () => {
  it('lead through everything once, and belong to their query alone', async () => {
    const names = Array.from({ length: 7 }, (_, at) => `paged-${at}`);
    for (const name of names) await world.call(Roles.createRole, { name }, acme.admin);
    const seen: string[] = [];
    let token = '';
    do {
      const page = { pageSize: 3, pageToken: token };
      const answer = await world.call(Roles.listRoles, { page }, acme.admin);
      seen.push(...answer.roles.map(({ name }) => name));
      token = answer.nextPageToken;
    } while (token !== '');
    expect(new Set(seen).size).toBe(seen.length);
    for (const name of names) expect(seen).toContain(name);

    const first = await world.call(
      Roles.listRoles,
      { page: { pageSize: 3, pageToken: '' } },
      acme.admin,
    );
    const page = { pageSize: 3, pageToken: first.nextPageToken };
    const elsewhere = [
      world.call(Groups.listGroups, { page }, acme.admin),
      world.call(Roles.listRoles, { page, tenantId: 'system' }, world.root),
      world.call(
        Roles.listRoles,
        { page: { ...page, pageToken: `${page.pageToken}A` } },
        acme.admin,
      ),
    ];
    for (const call of elsewhere) {
      expect(await refusal(call)).toMatchObject({
        code: status.INVALID_ARGUMENT,
        violations: [{ field: 'page.page_token' }],
      });
    }
    await expect(other.call(Roles.listRoles, { page }, acme.admin)).resolves.toBeDefined();
  });
});
