import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClientSettings } from '#proto/ledgate/identity/v1/client.js';
import { GroupServiceService as Groups } from '#proto/ledgate/identity/v1/group.js';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import { accessOf, listedMethods } from '#services/identity/app/method-access.js';
import { everyMethod, shortName } from '../../support/identity/every-method.js';
import { refusal } from '../../support/identity/refusal.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type World,
} from '../../support/identity/running-identity.js';
import {
  setUpApiKey,
  setUpGrant,
  setUpTenant,
  setUpUser,
  type TenantSetup,
} from '../../support/identity/tenant-setup.js';
import { sampleRule, sampleScope } from '../../support/identity/sample-rule.js';
import { sampleProvider } from '../../support/identity/sample-upstream.js';

/** What takes no credential of the caller (`method-access.test.ts` lists it), and judges what it is given. */
const open = new Set(
  listedMethods()
    .filter((method) => accessOf(method)?.who === 'PUBLIC')
    .map((method) => shortName(method)),
);
/** What tells of an id that is not there as of one that is not allowed anything. */
const answersWithNothing =
  /ListGrants|ListSessions|ListConsents|ListCertificates|ListApiKeys|ListExternalIdentities|ListFactors|ListGroupMembers|GetErasure|TimeMachineService\/(CheckAt|ExplainAt|WhatCan|Diff|History)/u;
/** What a tenant's administrator may do without naming a tenant. */
const aboutOneself = new Set([
  'LedgerService/AppendBarrier',
  'TokenService/IssueToken',
  'TokenService/IntrospectToken',
  'ConsentService/GiveConsent',
]);
/**
 * What anybody may ask: of a token that one may not know of it says as much as of none, and a consent is
 * given for oneself.
 */
const forAnybody = new Set(['TokenService/IntrospectToken', 'ConsentService/GiveConsent']);

const folder = temporaryFolder();
let world: World;
let acme: TenantSetup;
let evil: TenantSetup;
/** Ids of things of acme, under the names that requests use. */
let victims: Record<string, unknown>;

beforeAll(async () => {
  world = await startWorld(testConfig(folder.path));
  acme = await setUpTenant(world, 'acme');
  evil = await setUpTenant(world, 'evil');
  const principalId = await setUpUser(world, acme.admin, 'victim', 'seven quiet lanterns');
  const { credentialId } = await setUpApiKey(world, acme.admin, principalId);
  const grant = await setUpGrant(world, acme.admin, principalId, {
    name: 'reader',
    permissions: ['ledgate.identity:get-tenant'],
  });
  const { groupId } = await world.call(Groups.createGroup, { name: 'team' }, acme.admin);
  victims = {
    principalId,
    credentialId,
    ...grant,
    groupId,
    sessionId: principalId,
    clientId: principalId,
    spiffeId: 'spiffe://shop.example/worker',
    name: 'renamed',
    slug: 'fresh',
    displayName: 'Fresh',
    username: 'fresh',
    value: 'fresh',
    kind: 1,
    password: 'nine brass umbrellas',
    confirmSlug: 'acme',
    scope: 1,
    kid: 'x',
    add: ['ledgate.identity:get-role'],
    addRoleIds: [grant.roleId],
    profile: { displayName: 'x', locale: '' },
    settings: { passwordMinLength: 8 },
    tenant: 'acme',
    sha256: Buffer.alloc(32),
    provider: 'corp',
    identityId: 'x',
    id: principalId,
    at: { position: 0n },
    from: { position: 0n },
    to: { position: 0n },
  };
});
afterAll(async () => {
  await world.close();
  folder.remove();
});

async function position(): Promise<bigint> {
  return (await world.call(Ledger.getStatus, {}, world.root)).position;
}

const aClient = ClientSettings.fromPartial({
  name: 'Shop',
  redirectUris: ['https://shop.example/cb'],
  grantTypes: ['authorization_code'],
  scopes: ['openid'],
  authMethod: 'client_secret_basic',
});
const rules = { api: 'shop', rule: sampleRule(), ...sampleRule(), rules: [sampleRule()] };

/** The fields of `given` that the request of a method has. */
function requestFor(
  method: (typeof everyMethod)[number],
  given: Record<string, unknown>,
): Record<string, unknown> {
  const known = Object.keys(method.requestDeserialize(Buffer.alloc(0)));
  const fields: Record<string, unknown> = Object.fromEntries(
    Object.entries(given).filter(([name]) => known.includes(name)),
  );
  const { path } = method;
  // Where a request wants exactly one of two, the id is kept.
  if (path.endsWith('/GetRole')) delete fields['name'];
  if (path.endsWith('/GetTenant')) delete fields['slug'];
  if (path.endsWith('/GrantRole') || path.endsWith('/ListGrants')) delete fields['groupId'];
  if (path.endsWith('/ChangePermission') || path.endsWith('/DefinePermission')) {
    const facts = {
      resourceType: '',
      description: '',
      risk: 1,
      maxStalenessMs: 0n,
      auditRequired: false,
    };
    fields['permission'] = { name: 'orders:read', ...facts };
  }
  if (path.endsWith('/RetirePermission')) fields['name'] = 'orders:read';
  if (/\/(?:Define|Change)Scope$/u.test(path)) fields['scope'] = sampleScope;
  if (path.includes('.ClientService/') && 'settings' in fields) fields['settings'] = aClient;
  if (path.endsWith('/SetUpstreamProvider')) fields['provider'] = sampleProvider;
  if (path.includes('.EndpointRuleService/')) Object.assign(fields, rules);
  if (path.endsWith('/AddLoginName')) fields['kind'] = 1;
  return fields;
}

describe('without a good credential', () => {
  const truncated = (key: string): string => key.slice(0, -1);
  const credentials: readonly (readonly [string, () => string | undefined])[] = [
    ['none', () => undefined],
    ['a truncated API key', () => truncated(world.root)],
    ['an API key of another checksum', () => `${world.root.slice(0, -1)}-`],
    ['a truncated token (Zitadel CVE-2026-27840)', () => truncated(acme.admin)],
    ['a token with a tail', () => `${acme.admin}A`],
    ['a password', () => 'seven quiet lanterns'],
  ];
  it.each(credentials)('%s: every method but the open ones is refused alike', async (_, bearer) => {
    const before = await position();
    for (const method of everyMethod) {
      const name = shortName(method.path);
      if (open.has(name)) continue;
      const refused = await refusal(world.call(method, requestFor(method, victims), bearer()));
      expect([name, refused]).toEqual([
        name,
        {
          code: status.UNAUTHENTICATED,
          details: 'the credential is missing or was not accepted',
          reason: 'CALLER_UNAUTHENTICATED',
          violations: [],
        },
      ]);
    }
    expect(await position()).toBe(before);
  });
});

describe('an administrator of another tenant', () => {
  const methods = everyMethod.filter(({ path }) => !open.has(shortName(path)));

  it('is refused whatever it asks of a foreign tenant, and nothing is appended', async () => {
    const before = await position();
    for (const method of methods) {
      const name = shortName(method.path);
      if (aboutOneself.has(name)) continue;
      const request = requestFor(method, { ...victims, tenantId: acme.tenantId });
      const { code } = await refusal(world.call(method, request, evil.admin));
      expect([name, code]).toEqual([name, status.PERMISSION_DENIED]);
    }
    expect(await position()).toBe(before);
  });

  it('finds nothing of a foreign tenant by ids within its own', async () => {
    const found: string[] = [];
    for (const method of methods) {
      const name = shortName(method.path);
      const ids = ['principalId', 'credentialId', 'groupId', 'grantId', 'roleId'];
      const empty = method.requestDeserialize(Buffer.alloc(0));
      if (!ids.some((id) => id in empty) || answersWithNothing.test(name)) {
        continue;
      }
      const request = requestFor(method, victims);
      const { code } = await refusal(world.call(method, request, evil.admin));
      expect([name, [status.NOT_FOUND, status.PERMISSION_DENIED].includes(code)]).toEqual([
        name,
        true,
      ]);
      found.push(name);
    }
    expect(found.length).toBeGreaterThan(20);
  });

  it('sees empty lists where the foreign ids are asked for', async () => {
    for (const method of methods) {
      const name = shortName(method.path);
      if (!answersWithNothing.test(name)) continue;
      const answer = await world.call(method, requestFor(method, victims), evil.admin);
      const lists = Object.values(answer as object).filter((value) => Array.isArray(value));
      expect([name, lists.flat()]).toEqual([name, []]);
      expect([name, (answer as { decision?: number }).decision]).not.toEqual([name, 1]);
    }
  });
});

describe('a principal of the tenant without any role', () => {
  it('may only look after itself', async () => {
    const nobody = await setUpUser(world, acme.admin, 'nobody');
    const { apiKey } = await setUpApiKey(world, acme.admin, nobody);
    const allowed: string[] = [];
    for (const method of everyMethod) {
      const name = shortName(method.path);
      if (open.has(name) || forAnybody.has(name)) continue;
      const request = requestFor(method, { ...victims, tenantId: '' });
      const { code } = await refusal(world.call(method, request, apiKey)).catch(() => ({
        code: status.OK,
      }));
      if (code !== status.PERMISSION_DENIED) allowed.push(name);
    }
    expect(allowed).toEqual([]);
  });
});
