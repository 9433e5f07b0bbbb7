import { createHmac, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { GrantServiceService as Grants } from '#proto/ledgate/identity/v1/grant.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { refusal } from '../../support/identity/refusal.js';
import {
  audience,
  issuer,
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

interface Parts {
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, unknown>;
}

function partsOf(token: string): Parts {
  const [header = '', claims = ''] = token
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString());
  return { header: JSON.parse(header), claims: JSON.parse(claims) };
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const use = (token: string): Promise<unknown> => world.call(Tenants.getTenant, {}, token);
const rejected = { code: status.UNAUTHENTICATED };

describe('an access token', () => {
  it('is an RFC 9068 token that says where in the ledger it stands', async () => {
    const { header, claims } = partsOf(acme.admin);
    expect(header).toMatchObject({ alg: 'EdDSA', typ: 'at+jwt' });
    expect(claims).toMatchObject({
      iss: issuer,
      aud: audience,
      sub: acme.adminId,
      tenant: acme.tenantId,
      amr: ['pwd'],
      lg: { e: 1 },
    });
    const { iat, exp, lg } = claims as { iat: number; exp: number; lg: { L: number; a: number } };
    expect(exp - iat).toBe(600);
    expect(lg.a).toBeLessThanOrEqual(lg.L);
    expect(claims).not.toHaveProperty('scope');
  });

  it('lives as long as the tenant says, with the scopes and the audience asked for', async () => {
    const settings = {
      accessTokenTtlMs: 60_000n,
      passwordMinLength: undefined,
      softStalenessMs: undefined,
      hardStalenessMs: undefined,
    };
    const short = await setUpTenant(world, 'short');
    await world.call(Tenants.updateTenantSettings, { settings }, short.admin);
    const login = await world.call(Tokens.login, {
      tenant: 'short',
      loginName: 'admin',
      password: adminPassword,
      scopes: ['orders:read', 'orders:items:*'],
      audience: 'https://other.ledgate.test',
    });
    const { claims } = partsOf(login.accessToken);
    const { iat, exp } = claims as { iat: number; exp: number };
    expect(exp - iat).toBe(60);
    expect(login.expiresAtMs).toBe(BigInt(exp) * 1000n);
    expect(claims).toMatchObject({
      scope: 'orders:read orders:items:*',
      aud: 'https://other.ledgate.test',
    });
  });

  it('limits what its principal may do to its scopes', async () => {
    const request = { tenant: 'acme', loginName: 'admin', password: adminPassword };
    const scoped = async (scopes: string[]): Promise<string> =>
      (await world.call(Tokens.login, { ...request, scopes })).accessToken;
    await expect(use(await scoped(['ledgate.identity:get-tenant']))).resolves.toBeDefined();
    await expect(use(await scoped(['ledgate.identity:*']))).resolves.toBeDefined();
    const other = await refusal(use(await scoped(['orders:read'])));
    expect(other.code).toBe(status.PERMISSION_DENIED);
  });

  it('of another making is refused: alg none, HMAC with the public key, other kid, typ, claims', async () => {
    const { header, claims } = partsOf(acme.admin);
    const [head, body, signature] = acme.admin.split('.') as [string, string, string];
    const { jwksJson } = await world.call(Tokens.getJwks, {});
    const { keys } = JSON.parse(jwksJson) as { keys: object[] };
    const pem = createPublicKey({ key: keys[0] as never, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    });
    const hmac = (input: string): string =>
      createHmac('sha256', pem).update(input).digest('base64url');
    const confused = `${encode({ ...header, alg: 'HS256' })}.${body}`;
    const forged = [
      `${encode({ ...header, alg: 'none' })}.${body}.`,
      `${encode({ ...header, alg: 'none' })}.${body}.${signature}`,
      `${confused}.${hmac(confused)}`,
      `${encode({ ...header, kid: 'other' })}.${body}.${signature}`,
      `${encode({ ...header, kid: '../../x' })}.${body}.${signature}`,
      `${encode({ ...header, typ: 'JWT' })}.${body}.${signature}`,
      `${encode({ ...header, jwk: keys[0] })}.${body}.${signature}`,
      `${head}.${encode({ ...claims, sub: 'someone' })}.${signature}`,
      `${head}.${encode({ ...claims, tenant: 'system' })}.${signature}`,
      `${head}.${body}.${signature.slice(0, -2)}`,
      `${head}.${body}`,
      `${acme.admin}.${signature}`,
    ];
    for (const token of forged)
      expect([token, await refusal(use(token))]).toMatchObject([token, rejected]);
    await expect(use(acme.admin)).resolves.toBeDefined();
  });

  it('of another cluster with the same issuer is refused', async () => {
    const elsewhere = temporaryFolder();
    const twin = await startWorld(testConfig(elsewhere.path));
    const { admin } = await setUpTenant(twin, 'acme');
    await twin.close();
    elsewhere.remove();
    expect(await refusal(use(admin))).toMatchObject(rejected);
  });
});

describe('signing keys', () => {
  it('can be of each algorithm, and old tokens live on over a rotation and a restart', async () => {
    const own = temporaryFolder();
    let here = await startWorld(testConfig(own.path));
    const root = readFileSync(join(own.path, 'bootstrap-api-key'), 'utf8').trim();
    const shop = await setUpTenant(here, 'shop');
    const tokens = [shop.admin];
    for (const algorithm of ['ES256', 'RS256', 'EdDSA']) {
      await here.call(Tokens.rotateSigningKey, { algorithm }, root);
      const token = await logIn(here, 'shop', 'admin', adminPassword);
      expect(partsOf(token).header['alg']).toBe(algorithm);
      tokens.push(token);
    }
    await here.close();
    here = await startWorld(testConfig(own.path));
    for (const token of tokens) {
      await expect(here.call(Tenants.getTenant, {}, token)).resolves.toBeDefined();
    }
    const kidOf = (at: number): string => String(partsOf(tokens[at] ?? '').header['kid']);
    const active = await refusal(here.call(Tokens.compromiseSigningKey, { kid: kidOf(3) }, root));
    expect(active.code).toBe(status.FAILED_PRECONDITION);
    const early = await refusal(here.call(Tokens.removeSigningKey, { kid: kidOf(1) }, root));
    expect(early.code).toBe(status.FAILED_PRECONDITION);
    await here.call(Tokens.compromiseSigningKey, { kid: kidOf(1) }, root);
    expect(await refusal(here.call(Tenants.getTenant, {}, tokens[1]))).toMatchObject(rejected);
    await expect(here.call(Tenants.getTenant, {}, tokens[2])).resolves.toBeDefined();
    await here.close();
    own.remove();
  });
});

describe('a revocation', () => {
  const own = temporaryFolder();
  let here: World;
  beforeAll(async () => {
    here = await startWorld(testConfig(own.path));
  });
  afterAll(async () => {
    await here.close();
    own.remove();
  });

  async function credentialsOf(slug: string) {
    const tenant = await setUpTenant(here, slug);
    const service = { username: 'svc' };
    const { principalId } = await here.call(Principals.createServiceAccount, service, tenant.admin);
    const { apiKey } = await setUpApiKey(here, tenant.admin, principalId);
    const { accessToken } = await here.call(Tokens.issueToken, {}, apiKey);
    return { tenant, principalId, all: [tenant.admin, apiKey, accessToken] };
  }

  async function expectDead(credentials: readonly string[]): Promise<void> {
    for (const credential of credentials) {
      expect(await refusal(here.call(Tenants.getTenant, {}, credential))).toMatchObject(rejected);
    }
  }

  it('of a tenant kills what was issued in it, tokens and API keys, and nothing after', async () => {
    const { tenant, all } = await credentialsOf('one');
    const request = { scope: 2, tenantId: tenant.tenantId } as const;
    await here.call(Tokens.revokeTokens, request, here.root);
    await expectDead(all);
    const again = await logIn(here, 'one', 'admin', adminPassword);
    await expect(here.call(Tenants.getTenant, {}, again)).resolves.toBeDefined();
    await expect(here.call(Tenants.getTenant, {}, here.root)).resolves.toBeDefined();
  });

  it('of an API key kills the tokens that were issued for it, and no others', async () => {
    const { tenant, all } = await credentialsOf('three');
    const [admin = '', apiKey = '', accessToken = ''] = all;
    await expect(here.call(Tenants.getTenant, {}, admin)).resolves.toBeDefined();
    const { apiKeys } = await here.call(Credentials.listApiKeys, {}, apiKey);
    const { credentialId } = apiKeys[0] ?? { credentialId: '' };
    await here.call(Credentials.revokeApiKey, { credentialId }, tenant.admin);
    await expectDead([apiKey, accessToken]);
    await expect(here.call(Tenants.getTenant, {}, admin)).resolves.toBeDefined();
  });

  it('of everything needs somebody who can log in again', async () => {
    const { all } = await credentialsOf('two');
    const early = await refusal(here.call(Tokens.revokeTokens, { scope: 3 }, here.root));
    expect(early.code).toBe(status.FAILED_PRECONDITION);
    const { adminPrincipal } = here.identity.founded ?? { adminPrincipal: '' };
    const password = 'eleven copper kettles';
    const set = { principalId: adminPrincipal, password };
    await here.call(Credentials.setPassword, set, here.root);
    await here.call(Tokens.revokeTokens, { scope: 3 }, here.root);
    await expectDead([...all, here.root]);
    const operator = await logIn(here, 'system', 'admin', password);
    await expect(here.call(Tenants.listTenants, {}, operator)).resolves.toBeDefined();
    await expect(logIn(here, 'two', 'admin', adminPassword)).resolves.toMatch(/^eyJ/u);
  });

  it('of everything is for the system tenant alone', async () => {
    const refused = await refusal(world.call(Tokens.revokeTokens, { scope: 3 }, acme.admin));
    expect(refused.code).toBe(status.PERMISSION_DENIED);
    const { grants } = await world.call(
      Grants.listGrants,
      { principalId: acme.adminId },
      acme.admin,
    );
    expect(grants).toHaveLength(1);
  });
});
