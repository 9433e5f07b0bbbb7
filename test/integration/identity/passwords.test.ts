import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
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
  adminPassword,
  logIn,
  setUpApiKey,
  setUpTenant,
  setUpUser,
  type TenantSetup,
} from '../../support/identity/tenant-setup.js';

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

const password = 'seven quiet lanterns';
const fresh = 'nine brass umbrellas';
const rejected = {
  code: status.UNAUTHENTICATED,
  details: 'the credential is missing or was not accepted',
};
const position = async (): Promise<bigint> =>
  (await world.call(Ledger.getStatus, {}, world.root)).position;

describe('a login', () => {
  it('has one answer for every reason, and appends nothing', async () => {
    await setUpUser(world, acme.admin, 'nopassword');
    const suspended = await setUpUser(world, acme.admin, 'suspended', password);
    await world.call(Principals.suspendPrincipal, { principalId: suspended }, acme.admin);
    const gone = await setUpUser(world, acme.admin, 'gone', password);
    await world.call(Principals.deletePrincipal, { principalId: gone }, acme.admin);
    const blocked = await setUpUser(world, acme.admin, 'blocked', password);
    const { credentialId } = await world.call(
      Tokens.verifyPassword,
      { tenant: 'acme', username: 'blocked', password },
      world.root,
    );
    await world.call(Credentials.blockCredential, { credentialId }, acme.admin);
    expect(blocked).toBeDefined();
    const closed = await setUpTenant(world, 'closed');
    await world.call(Tenants.suspendTenant, { tenantId: closed.tenantId }, world.root);
    const before = await position();
    const attempts: [string, string, string][] = [
      ['acme', 'admin', 'wrong'],
      ['acme', 'admin', `${adminPassword} `],
      ['acme', 'admin', adminPassword.toUpperCase()],
      ['acme', 'nobody', password],
      ['acme', 'not a name at all', password],
      ['nowhere', 'admin', adminPassword],
      ['closed', 'admin', adminPassword],
      ['system', 'admin', adminPassword],
      ['acme', 'nopassword', password],
      ['acme', 'suspended', password],
      ['acme', 'gone', password],
      ['acme', 'blocked', password],
    ];
    for (const [tenant, loginName, given] of attempts) {
      const refused = await refusal(
        world.call(Tokens.login, { tenant, loginName, password: given }),
      );
      expect([loginName, refused]).toEqual([
        loginName,
        { ...rejected, reason: 'CREDENTIALS_REJECTED', violations: [] },
      ]);
    }
    expect(await position()).toBe(before);
  });

  it('compares NFKC forms', async () => {
    await setUpUser(world, acme.admin, 'accents', 'un très joli café crème');
    const typed = 'un tre\u0300s joli cafe\u0301 cre\u0300me';
    await expect(logIn(world, 'acme', 'accents', typed)).resolves.toMatch(/^eyJ/u);
  });

  it('with a password that must be changed gives no token, and ChangePassword alone works', async () => {
    const principalId = await setUpUser(world, acme.admin, 'newcomer', password);
    const mustChange = { principalId, password, mustChange: true };
    await world.call(Credentials.setPassword, mustChange, acme.admin);
    const request = { tenant: 'acme', loginName: 'newcomer', password };
    expect(await world.call(Tokens.login, request)).toMatchObject({
      accessToken: '',
      mustChangePassword: true,
      principalId,
    });
    const verdict = await world.call(
      Tokens.verifyPassword,
      { tenant: 'acme', username: 'newcomer', password },
      world.root,
    );
    expect(verdict.verified).toBe(false);
    const change = { tenantId: 'acme', loginName: 'newcomer', currentPassword: password };
    await world.call(Credentials.changePassword, { ...change, newPassword: fresh });
    await expect(logIn(world, 'acme', 'newcomer', fresh)).resolves.toMatch(/^eyJ/u);
  });
});

describe('a password change', () => {
  it('kills every token issued before it, and no API key (Zitadel #8288)', async () => {
    const principalId = await setUpUser(world, acme.admin, 'changer', password);
    const token = await logIn(world, 'acme', 'changer', password);
    const { apiKey } = await setUpApiKey(world, acme.admin, principalId);
    const change = { currentPassword: password, newPassword: fresh };
    await world.call(Credentials.changePassword, change, token);
    const own = { principalId };
    expect(await refusal(world.call(Principals.getPrincipal, own, token))).toMatchObject(rejected);
    await expect(world.call(Principals.getPrincipal, own, apiKey)).resolves.toBeDefined();
    expect(await refusal(logIn(world, 'acme', 'changer', password))).toMatchObject(rejected);
    await expect(logIn(world, 'acme', 'changer', fresh)).resolves.toMatch(/^eyJ/u);
  });

  it('needs the current password, and a new one that differs', async () => {
    await setUpUser(world, acme.admin, 'careful', password);
    const base = { tenantId: 'acme', loginName: 'careful' };
    const wrong = { ...base, currentPassword: 'wrong', newPassword: fresh };
    expect(await refusal(world.call(Credentials.changePassword, wrong))).toMatchObject(rejected);
    const same = { ...base, currentPassword: password, newPassword: password };
    const refused = await refusal(world.call(Credentials.changePassword, same));
    expect(refused.violations).toMatchObject([{ field: 'new_password' }]);
    const name = { ...base, currentPassword: password, newPassword: 'careful careful 1234' };
    expect((await refusal(world.call(Credentials.changePassword, name))).violations).toHaveLength(
      1,
    );
    const elsewhere = { tenantId: acme.tenantId, currentPassword: password, newPassword: fresh };
    expect(await refusal(world.call(Credentials.changePassword, elsewhere))).toMatchObject(
      rejected,
    );
  });

  it('can be repeated when its answer was lost, by who knows the new password', async () => {
    await setUpUser(world, acme.admin, 'unlucky', password);
    const request = {
      options: { commandId: 'change-1', reason: '' },
      tenantId: 'acme',
      loginName: 'unlucky',
      currentPassword: password,
      newPassword: fresh,
    };
    const first = await world.call(Credentials.changePassword, request);
    const before = await position();
    const again = await world.call(Credentials.changePassword, request);
    expect(again.result).toMatchObject({ replayed: true, position: first.result?.position });
    for (const change of [
      { newPassword: 'ten wooden ladders' },
      { options: { commandId: 'change-2', reason: '' } },
      { options: { commandId: '', reason: '' } },
    ]) {
      const refused = await refusal(
        world.call(Credentials.changePassword, { ...request, ...change }),
      );
      expect(refused).toMatchObject(rejected);
    }
    expect(await position()).toBe(before);
  });

  it('of two at once, one counts', async () => {
    await setUpUser(world, acme.admin, 'twice', password);
    const base = { tenantId: 'acme', loginName: 'twice', currentPassword: password };
    const passwords = ['ten wooden ladders', 'six silver thimbles'];
    const results = await Promise.allSettled(
      passwords.map((newPassword) =>
        world.call(Credentials.changePassword, { ...base, newPassword }),
      ),
    );
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    const winner = passwords[results.findIndex((result) => result.status === 'fulfilled')] ?? '';
    await expect(logIn(world, 'acme', 'twice', winner)).resolves.toMatch(/^eyJ/u);
  });

  it('racing a login: the order of the log decides, and the token of the old password is dead', async () => {
    const principalId = await setUpUser(world, acme.admin, 'racer', password);
    for (let round = 0; round < 3; round += 1) {
      const set = { principalId, password, mustChange: false };
      await world.call(Credentials.setPassword, set, acme.admin);
      const login = logIn(world, 'acme', 'racer', password).catch(() => '');
      await world.call(Credentials.setPassword, { ...set, password: fresh }, acme.admin);
      const token = await login;
      if (token === '') continue;
      const refused = await refusal(world.call(Principals.getPrincipal, { principalId }, token));
      expect(refused).toMatchObject(rejected);
    }
  });

  it('by an administrator kills tokens too; removing it ends logins', async () => {
    const principalId = await setUpUser(world, acme.admin, 'managed', password);
    const token = await logIn(world, 'acme', 'managed', password);
    await world.call(Credentials.setPassword, { principalId, password: fresh }, acme.admin);
    const own = world.call(Principals.getPrincipal, { principalId }, token);
    expect(await refusal(own)).toMatchObject(rejected);
    const again = await logIn(world, 'acme', 'managed', fresh);
    await world.call(Credentials.removePassword, { principalId }, acme.admin);
    const after = world.call(Principals.getPrincipal, { principalId }, again);
    expect(await refusal(after)).toMatchObject(rejected);
    expect(await refusal(logIn(world, 'acme', 'managed', fresh))).toMatchObject(rejected);
  });
});

describe('stronger parameters', () => {
  it('replace the hash at the next login, behind its back', async () => {
    const own = temporaryFolder();
    const weak = await startWorld(testConfig(own.path));
    await setUpTenant(weak, 'acme');
    const { root } = weak;
    await weak.close();
    const strong = await startWorld(
      testConfig(own.path, { argon2: { memoryKib: 19_456, passes: 3 } }),
    );
    const at = async () => (await strong.call(Ledger.getStatus, {}, root)).position;
    const before = await at();
    await logIn(strong, 'acme', 'admin', adminPassword);
    for (let tries = 0; (await at()) === before && tries < 200; tries += 1) {
      await new Promise((resolve) => void setTimeout(resolve, 10));
    }
    expect(await at()).toBe(before + 1n);
    const token = await logIn(strong, 'acme', 'admin', adminPassword);
    expect(await at()).toBe(before + 1n);
    await expect(strong.call(Tenants.getTenant, {}, token)).resolves.toBeDefined();
    await strong.close();
    own.remove();
  });
});

describe('guessing', () => {
  it('is braked for the account, with the time to wait, and never shuts the owner out', async () => {
    const own = temporaryFolder();
    const braked = await startWorld(
      testConfig(own.path, { guessesPerAccount: { burst: 5, perMinute: 1 } }),
    );
    await setUpTenant(braked, 'acme');
    const guess = (loginName: string) =>
      refusal(braked.call(Tokens.login, { tenant: 'acme', loginName, password: 'wrong' }));
    // Unknown names are braked alike: the answer does not tell who exists.
    for (const name of ['admin', 'nobody']) {
      const codes = [];
      for (let n = 0; n < 7; n += 1) codes.push((await guess(name)).code);
      expect(codes).toEqual([
        ...Array.from({ length: 5 }, () => status.UNAUTHENTICATED),
        status.RESOURCE_EXHAUSTED,
        status.RESOURCE_EXHAUSTED,
      ]);
    }
    await braked.close();
    own.remove();
  });

  it('is braked on every pathway at once (Keycloak CVE-2026-9798)', async () => {
    const own = temporaryFolder();
    const braked = await startWorld(
      testConfig(own.path, { guessesPerAccount: { burst: 6, perMinute: 1 } }),
    );
    const { tenantId, admin } = await setUpTenant(braked, 'acme');
    await setUpUser(braked, admin, 'victim', password);
    const pathways = [
      (tenant: string) =>
        braked.call(Tokens.login, { tenant, loginName: 'victim', password: 'wrong' }),
      (tenant: string) =>
        braked.call(Credentials.changePassword, {
          tenantId: tenant,
          loginName: 'VICTIM',
          currentPassword: 'wrong',
          newPassword: fresh,
        }),
      async (tenant: string) => {
        const request = { tenant, username: 'victim', password: 'wrong' };
        const { verified } = await braked.call(Tokens.verifyPassword, request, braked.root);
        expect(verified).toBe(false);
      },
    ];
    for (const pathway of pathways) {
      for (const tenant of ['acme', tenantId]) await pathway(tenant).catch(() => undefined);
    }
    for (const pathway of pathways) {
      const refused = await refusal(pathway('acme'));
      expect(refused.code).toBe(status.RESOURCE_EXHAUSTED);
    }
    await braked.close();
    own.remove();
  });

  it('is braked for the source', async () => {
    const own = temporaryFolder();
    const braked = await startWorld(
      testConfig(own.path, { loginsPerSource: { burst: 4, perSecond: 1 } }),
    );
    const codes = [];
    for (let n = 0; n < 6; n += 1) {
      const request = { tenant: 'acme', loginName: `user${n}`, password: 'wrong' };
      codes.push((await refusal(braked.call(Tokens.login, request))).code);
    }
    expect(codes.slice(0, 4)).toEqual(Array.from({ length: 4 }, () => status.UNAUTHENTICATED));
    expect(codes.slice(4)).toContain(status.RESOURCE_EXHAUSTED);
    await braked.close();
    own.remove();
  });
});
