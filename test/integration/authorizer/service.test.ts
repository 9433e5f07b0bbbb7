import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemRandom } from '#libs/runtime/ids.js';
import { generateApiKey } from '#libs/tokens/api-key.js';
import {
  AuthorizerServiceService as methods,
  type ListPermissionsResponse,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import { HealthService } from '#proto/grpc/health/v1/health.js';
import {
  refusalOf,
  startAuthorizerWorld,
  type AuthorizerWorld,
} from '../../support/authorizer/running-authorizer.js';
import {
  apiKeyCreated,
  apiKeyRevoked,
  granted,
  permissionDefined,
  registered,
  roleCreated,
  tenantWithCaller,
} from '../../support/authorizer/seed-events.js';

const acme = tenantWithCaller('acme');
const beta = tenantWithCaller('beta', 'beta-gateway');
const system = tenantWithCaller('system', 'operator');
const key = generateApiKey(systemRandom);
const permissions = Array.from({ length: 7 }, (_, i) => `orders:verb${i}`);
let world: AuthorizerWorld;

beforeAll(async () => {
  world = await startAuthorizerWorld(
    async (seed) => {
      await seed.append(system.events, { tenant: 'system' });
      await seed.append(acme.events, { tenant: 'acme' });
      await seed.append(beta.events, { tenant: 'beta' });
      await seed.append(
        [
          ...permissions.map((permission) => permissionDefined(permission)),
          roleCreated('clerk', ['orders:*']),
          registered('bob'),
          granted('bob', 'clerk', 'projects/a'),
          granted('bob', 'clerk', 'projects/b'),
          apiKeyCreated('bob', key, { scopes: ['orders:verb1', 'orders:verb2'] }),
        ],
        { tenant: 'acme' },
      );
    },
    { config: { metricsAddress: '127.0.0.1:0', reflection: true } },
  );
});
afterAll(async () => world.closeAll());

const bob = { $case: 'subject' as const, value: { tenantId: 'acme', principalId: 'bob' } };
const bobsKey = { credential: { $case: 'apiKey' as const, value: key.text } };
const question = {
  who: bob,
  action: 'orders:verb1',
  resource: 'projects/a/1',
  consistency: undefined,
};

const refused = async (run: Promise<unknown>) => {
  try {
    await run;
  } catch (thrown) {
    return refusalOf(thrown);
  }
  throw new Error('not refused');
};

describe('Authenticate', () => {
  it('tells whose an API key is, and what limits it', async () => {
    const request = { credential: bobsKey, consistency: undefined };
    const answer = await world.call(methods.authenticate, request, acme.apiKey);
    expect(answer).toMatchObject({
      authenticated: true,
      reason: '',
      identity: {
        tenantId: 'acme',
        principalId: 'bob',
        principalKind: 'USER',
        credentialKind: 'API_KEY',
        credentialId: 'key-of-bob',
        roles: ['clerk'],
        scopes: ['orders:verb1', 'orders:verb2'],
        expiresAtMs: 0n,
      },
    });
  });

  it('knows nothing of a credential of another tenant, unless the system asks', async () => {
    const request = { credential: bobsKey, consistency: undefined };
    const foreign = await world.call(methods.authenticate, request, beta.apiKey);
    expect(foreign).toMatchObject({ authenticated: false, reason: 'CREDENTIAL_UNKNOWN' });
    expect(foreign.identity).toBeUndefined();
    const bySystem = await world.call(methods.authenticate, request, system.apiKey);
    expect(bySystem.authenticated).toBe(true);
  });
});

describe('who may ask', () => {
  it('a caller of another tenant may not name a subject of this one', async () => {
    const asked = world.call(methods.authorize, question, beta.apiKey);
    expect(await refused(asked)).toMatchObject({ code: 7, reason: 'PERMISSION_DENIED' });
    const mine = { ...question, who: { ...bob, value: { tenantId: 'beta', principalId: 'x' } } };
    const batch = { requests: [question, mine], consistency: undefined };
    const { responses } = await world.call(methods.batchAuthorize, batch, beta.apiKey);
    expect(responses.map(({ decision, reason }) => [decision, reason])).toEqual([
      [0, 'CALLER_NOT_PERMITTED'],
      [2, 'PRINCIPAL_UNKNOWN'],
    ]);
  });

  it('a caller of the system tenant may ask about every tenant', async () => {
    expect(await world.call(methods.authorize, question, system.apiKey)).toMatchObject({
      decision: 1,
    });
  });

  it('a principal without ledgate.authorizer:ask may ask nothing, not even about itself', async () => {
    const asked = world.call(methods.authorize, question, key.text);
    expect(await refused(asked)).toMatchObject({ code: 7, reason: 'PERMISSION_DENIED' });
    const status = world.call(methods.getStatus, { stateHash: true }, key.text);
    expect(await refused(status)).toMatchObject({ code: 7 });
  });
});

describe('ListPermissions', () => {
  it('pages through exactly what is allowed', async () => {
    const found: string[] = [];
    let pageToken = '';
    do {
      const request = { who: bob, resource: '', pageSize: 3, pageToken, consistency: undefined };
      const page: ListPermissionsResponse = await world.call(
        methods.listPermissions,
        request,
        acme.apiKey,
      );
      for (const { permission, resourcePrefixes } of page.permissions) {
        expect(resourcePrefixes).toEqual(['projects/a', 'projects/b']);
        found.push(permission);
      }
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(found).toEqual(permissions);
  });

  it('is limited by the credential, and filters by a resource as questions do', async () => {
    const who = { $case: 'credential' as const, value: bobsKey };
    const list = async (resource: string) => {
      const request = { who, resource, pageSize: 0, pageToken: '', consistency: undefined };
      const page = await world.call(methods.listPermissions, request, acme.apiKey);
      return page.permissions.map(({ permission }) => permission);
    };
    expect(await list('')).toEqual(['orders:verb1', 'orders:verb2']);
    expect(await list('projects/b/9')).toEqual(['orders:verb1', 'orders:verb2']);
    expect(await list('projects/c')).toEqual([]);
  });
});

describe('operations', () => {
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${world.authorizer.metricsPort}${path}`);
    return { status: response.status, text: await response.text() };
  };

  it('is healthy and ready, and says so over gRPC and HTTP', async () => {
    const check = { service: 'ledgate.authorizer.v1.AuthorizerService' };
    expect(await world.call(HealthService.check, check)).toMatchObject({ status: 1 });
    expect((await get('/readyz')).status).toBe(200);
    expect((await get('/healthz')).status).toBe(200);
  });

  it('counts decisions by reason and calls by method', async () => {
    await world.call(methods.authorize, question, acme.apiKey);
    const { text } = await get('/metrics');
    expect(text).toMatch(
      /ledgate_authorizer_decisions_total\{outcome="ALLOW",reason="ALLOWED",service="authorizer"\} [1-9]/,
    );
    expect(text).toMatch(
      /ledgate_authorizer_answered_calls_total\{method="[^"]*\/Authorize"[^}]*\} [1-9]/,
    );
    expect(text).toMatch(/ledgate_authorizer_position\{[^}]*\} \d+/);
    for (const secret of [key.text, acme.apiKey, beta.apiKey]) expect(text).not.toContain(secret);
  });

  it('tells its position, chain and state hash', async () => {
    const status = await world.call(methods.getStatus, { stateHash: true }, system.apiKey);
    expect(status.stateHash).toMatch(/^[0-9a-f]{64}$/);
    expect(status.chain).toMatch(/^[0-9a-f]{64}$/);
    expect(status.acceptedRecords).toBe(BigInt(world.seed.position + 1));
    expect(status.quarantinedKeys).toBe(0n);
  });

  it('hashes the state of all tenants for the system tenant only', async () => {
    const hash = world.call(methods.getStatus, { stateHash: true }, acme.apiKey);
    expect(await refused(hash)).toMatchObject({ code: 7, reason: 'PERMISSION_DENIED' });
    const status = await world.call(methods.getStatus, { stateHash: false }, acme.apiKey);
    expect(status).toMatchObject({ stateHash: '', quarantinedKeys: 0n });
  });
});

describe('explaining a denial that is not about grants', () => {
  it('names the event, who did it, and why', async () => {
    const other = generateApiKey(systemRandom);
    const made = apiKeyCreated('bob', other, { credential: 'second' });
    await world.seed.append([made], { tenant: 'acme' });
    const actor = { tenant: 'acme', principal: 'root' };
    const reason = 'found in a public repository';
    await world.seed.append([apiKeyRevoked('bob', 'second')], { tenant: 'acme', actor, reason });
    const credential = { credential: { $case: 'apiKey' as const, value: other.text } };
    const fresh = { requirement: { $case: 'atLeastAsFresh' as const, value: world.seed.token() } };
    const who = { $case: 'credential' as const, value: credential };
    const request = { ...question, who, consistency: fresh };
    const explained = await world.call(methods.explain, request, acme.apiKey);
    expect(explained.answer).toMatchObject({ decision: 2, reason: 'CREDENTIAL_REVOKED' });
    expect(explained.events).toEqual([
      expect.objectContaining({
        type: 'ledgate.credential.ApiKeyRevoked.v1',
        actorPrincipalId: 'root',
        position: BigInt(world.seed.position),
        reason,
      }),
    ]);
    expect(explained.summary).toContain(reason);
  });
});

describe('records that cannot be read', () => {
  // Google Cloud, 12 June 2025: one blank policy field crashed every authorizer of the world.
  const poisons: readonly (readonly [what: string, payload: Buffer])[] = [
    ['nothing at all', Buffer.alloc(0)],
    ['noise', Buffer.from('ffffffffffffffffff', 'hex')],
    ['a length beyond the end', Buffer.from('0aff01', 'hex')],
    ['nested groups without end', Buffer.alloc(4000, 0x0b)],
  ];

  it.each(poisons)(
    '%s: closes its own keys, and everything else goes on',
    async (what, payload) => {
      const principal = `victim of ${what}`;
      await world.seed.append([registered(principal), granted(principal, 'clerk')], {
        tenant: 'acme',
      });
      await world.seed.poison([{ tenant: 'acme', kind: 'principal', id: principal }], payload);
      const fresh = {
        requirement: { $case: 'atLeastAsFresh' as const, value: world.seed.token() },
      };
      const about = (principalId: string) => ({
        ...question,
        who: { $case: 'subject' as const, value: { tenantId: 'acme', principalId } },
        consistency: fresh,
      });
      await expect(
        world.call(methods.authorize, about(principal), acme.apiKey),
      ).rejects.toMatchObject({
        code: 14,
      });
      expect(await world.call(methods.authorize, about('bob'), acme.apiKey)).toMatchObject({
        decision: 1,
      });
      const status = await world.call(methods.getStatus, { stateHash: false }, acme.apiKey);
      expect(status.quarantinedKeys).toBeGreaterThan(0n);
    },
  );
});
