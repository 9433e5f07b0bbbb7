import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AuthorizerServiceService as Ask,
  Decision,
  type AuthorizeRequest,
  type AuthorizeResponse,
  type Endpoint,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import {
  EndpointCredentialKind as Kind,
  EndpointProtocol,
  EndpointRuleServiceService as Rules,
  type EndpointRule,
} from '#proto/ledgate/identity/v1/endpoint_rule.js';
import { RoleServiceService as Roles } from '#proto/ledgate/identity/v1/role.js';
import { ScopeServiceService as Scopes } from '#proto/ledgate/identity/v1/scope.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import {
  byKey,
  bySubject,
  byToken,
  startPair,
  type Pair,
} from '../../support/ledgate/running-pair.js';
import {
  logIn,
  setUpApiKey,
  setUpGrant,
  setUpTenant,
  setUpUser,
  type TenantSetup,
} from '../../support/identity/tenant-setup.js';

// Rules are set with identity; the authorizer answers for a gateway, over gRPC, on the embedded log.

const password = 'seven quiet lanterns';
let pair: Pair;
let acme: TenantSetup;
let gateway = '';
let bob = '';
let bobToken = '';

beforeAll(async () => {
  pair = await startPair();
  acme = await setUpTenant(pair, 'acme');
  const service = await setUpUser(pair, acme.admin, 'gateway');
  gateway = (await setUpApiKey(pair, acme.admin, service)).apiKey;
  const permissions = ['ask', 'ask-any', 'explain'].map((verb) => `ledgate.authorizer:${verb}`);
  await setUpGrant(pair, acme.admin, service, { name: 'asker', permissions });
  for (const name of ['orders:read', 'orders:cancel', 'items:read']) {
    const permission = { name, resourceType: '', description: '', risk: 1 } as const;
    const rest = { maxStalenessMs: 0n, auditRequired: false };
    await pair.call(Roles.definePermission, { permission: { ...permission, ...rest } }, acme.admin);
  }
  bob = await setUpUser(pair, acme.admin, 'bob', password);
  const clerk = { name: 'clerk', permissions: ['orders:*'], resourcePrefix: 'orders' };
  await setUpGrant(pair, acme.admin, bob, clerk);
  bobToken = await logIn(pair, 'acme', 'bob', password);
  await define('orders.view', ['orders:read']);
  await define('profile', []);
  const rules = [
    rule('GET', '/orders/{id}', { permission: 'orders:read', resourceTemplate: 'orders/{id}' }),
    rule('GET', '/orders/export', { permission: 'orders:read', resourceTemplate: 'elsewhere' }),
    rule('POST', '/orders/{id}/cancel', {
      permission: 'orders:cancel',
      resourceTemplate: 'orders/{id}',
      minAcr: 'urn:ledgate:acr:2',
      maxAuthAgeMs: 300_000n,
    }),
    rule('GET', '/me', { allScopes: ['profile'] }),
    rule('GET', '/known'),
    rule('GET', '/keys', { credentialKinds: [Kind.ENDPOINT_CREDENTIAL_KIND_API_KEY] }),
    rule('GET', '/hours', { public: true }),
    rule('/shop.v1.Orders/Get', '', {
      permission: 'orders:read',
      resourceTemplate: 'orders/{order_id}',
    }),
  ];
  await replace(rules, '');
});
afterAll(() => pair.close());

async function define(name: string, permissions: string[]): Promise<void> {
  const scope = { name, description: '', permissions, consentRequired: false };
  await pair.call(Scopes.defineScope, { scope }, acme.admin);
}

function rule(method: string, path: string, over: Partial<EndpointRule> = {}): EndpointRule {
  const grpc = path === '';
  return {
    ruleId: '',
    protocol: grpc
      ? EndpointProtocol.ENDPOINT_PROTOCOL_GRPC
      : EndpointProtocol.ENDPOINT_PROTOCOL_HTTP,
    method,
    pathTemplate: path,
    allScopes: [],
    anyScopes: [],
    permission: '',
    resourceTemplate: '',
    minAcr: '',
    maxAuthAgeMs: 0n,
    credentialKinds: [],
    public: false,
    maxStalenessMs: 0n,
    ...over,
  };
}

const replace = (rules: EndpointRule[], replacedDigest: string) =>
  pair.call(Rules.replaceEndpointRules, { api: 'shop', rules, replacedDigest }, acme.admin);

const http = (method: string, path: string): Endpoint => ({
  api: 'shop',
  call: { $case: 'http', value: { method, path } },
  parameters: {},
  tenantId: '',
});

function request(who: AuthorizeRequest['who'], endpoint: Endpoint): AuthorizeRequest {
  const consistency = { requirement: { $case: 'fullyConsistent', value: true } } as const;
  return { who, action: '', resource: '', consistency, endpoint };
}

/** Asks as the gateway does. */
const ask = (who: AuthorizeRequest['who'], endpoint: Endpoint): Promise<AuthorizeResponse> =>
  pair.authorizer.call(Ask.authorize, request(who, endpoint), gateway);

/** What a gateway would do with the answer. */
async function asked(who: AuthorizeRequest['who'], endpoint: Endpoint) {
  const answer = await ask(who, endpoint);
  const { httpStatus = 0, wwwAuthenticate = '' } = answer.endpoint ?? {};
  return [answer.reason, httpStatus, wwwAuthenticate];
}

async function scoped(...scopes: string[]): Promise<AuthorizeRequest['who']> {
  const login = { tenant: 'acme', loginName: 'bob', password, scopes };
  return byToken((await pair.call(Tokens.login, login)).accessToken);
}

describe('a call of an endpoint', () => {
  it('is judged by its rule, which fills in permission and resource', async () => {
    const answer = await ask(byToken(bobToken), http('GET', '/orders/17'));
    expect(answer).toMatchObject({
      decision: Decision.DECISION_ALLOW,
      reason: 'ALLOWED',
      tenantId: acme.tenantId,
      principalId: bob,
      obligations: [],
      endpoint: {
        permission: 'orders:read',
        resource: 'orders/17',
        scopes: [],
        httpStatus: 200,
        wwwAuthenticate: '',
      },
    });
    expect(await asked(bySubject(acme.tenantId, bob), http('GET', '/orders/17'))).toEqual([
      'ALLOWED',
      200,
      '',
    ]);
  });

  it('takes the literal before the parameter, and never another spelling', async () => {
    const who = byToken(bobToken);
    expect(await asked(who, http('GET', '/orders/export'))).toEqual(['NO_GRANT', 403, '']);
    for (const path of [
      '/orders/Export',
      '/orders/17/',
      '/orders//17',
      '/orders/..',
      '/Orders/17',
    ]) {
      expect([path, ...(await asked(who, http('GET', path)))]).toEqual([
        path,
        'RESOURCE_INVALID',
        400,
        '',
      ]);
    }
  });

  it('is denied when there is no rule, also without a credential', async () => {
    for (const who of [byToken(bobToken), undefined]) {
      expect(await asked(who, http('DELETE', '/orders/17'))).toEqual(['ENDPOINT_UNKNOWN', 403, '']);
      expect(await asked(who, { ...http('GET', '/hours'), api: 'other' })).toEqual([
        'ENDPOINT_UNKNOWN',
        403,
        '',
      ]);
    }
  });

  it('needs a credential, unless it is public', async () => {
    expect(await asked(undefined, http('GET', '/orders/17'))).toEqual([
      'CREDENTIAL_MISSING',
      401,
      'Bearer realm="shop"',
    ]);
    const bad = byKey('lgk_nobody');
    const [reason, ...rest] = await asked(bad, http('GET', '/orders/17'));
    expect([reason, ...rest]).toEqual([
      'CREDENTIAL_UNKNOWN',
      401,
      'Bearer realm="shop", error="invalid_token"',
    ]);
    for (const who of [undefined, bad, byToken(bobToken)]) {
      expect((await asked(who, http('GET', '/hours')))[0]).toBe('ALLOWED');
    }
    expect(await ask(undefined, http('GET', '/hours'))).toMatchObject({ principalId: '' });
    const known = await ask(byToken(bobToken), http('GET', '/hours'));
    expect(known).toMatchObject({ principalId: bob });
  });

  it('takes gRPC methods, with what the caller gives for the resource', async () => {
    const call = { $case: 'grpcMethod', value: '/shop.v1.Orders/Get' } as const;
    const endpoint: Endpoint = { api: 'shop', call, parameters: { order_id: '17' }, tenantId: '' };
    const who = byToken(bobToken);
    expect(await ask(who, endpoint)).toMatchObject({ endpoint: { resource: 'orders/17' } });
    expect(await asked(who, { ...endpoint, parameters: {} })).toEqual([
      'RESOURCE_INVALID',
      400,
      '',
    ]);
    const foreign = { order_id: '17/../18' };
    expect((await asked(who, { ...endpoint, parameters: foreign }))[0]).toBe('RESOURCE_INVALID');
  });

  it('takes the kinds of credentials that the rule names', async () => {
    const key = (await setUpApiKey(pair, acme.admin, bob)).apiKey;
    expect((await asked(byKey(key), http('GET', '/keys')))[0]).toBe('ALLOWED');
    const refused = ['ENDPOINT_REFUSES_CREDENTIAL', 403, ''];
    expect(await asked(byToken(bobToken), http('GET', '/keys'))).toEqual(refused);
    expect(await asked(bySubject(acme.tenantId, bob), http('GET', '/keys'))).toEqual(refused);
  });
});

describe('scopes', () => {
  it('limit what a token may use of the roles of its principal', async () => {
    const view = await scoped('orders.view');
    expect((await asked(view, http('GET', '/orders/17')))[0]).toBe('ALLOWED');
    const none = await scoped('profile');
    expect(await asked(none, http('GET', '/orders/17'))).toEqual([
      'SCOPE_INSUFFICIENT',
      403,
      'Bearer realm="shop", error="insufficient_scope"',
    ]);
    // A scope never gives a right.
    const items = rule('GET', '/items', { permission: 'items:read' });
    await pair.call(Rules.setEndpointRule, { api: 'shop', rule: items }, acme.admin);
    await define('items', ['items:read']);
    expect((await asked(await scoped('items'), http('GET', '/items')))[0]).toBe('NO_GRANT');
  });

  it('are asked for by rules, and told in the challenge', async () => {
    expect((await asked(await scoped('profile'), http('GET', '/me')))[0]).toBe('ALLOWED');
    expect(await asked(await scoped('orders.view'), http('GET', '/me'))).toEqual([
      'SCOPE_INSUFFICIENT',
      403,
      'Bearer realm="shop", error="insufficient_scope", scope="profile"',
    ]);
    // Words that come to nothing do not even pass where anybody known may.
    expect((await asked(await scoped('openid'), http('GET', '/known')))[0]).toBe(
      'SCOPE_INSUFFICIENT',
    );
    expect((await asked(byToken(bobToken), http('GET', '/known')))[0]).toBe('ALLOWED');
  });

  it('mean what they mean now, also in tokens that were issued before', async () => {
    await define('changing', ['orders:read']);
    const who = await scoped('changing');
    expect((await asked(who, http('GET', '/orders/17')))[0]).toBe('ALLOWED');
    await pair.call(Scopes.retireScope, { name: 'changing' }, acme.admin);
    expect((await asked(who, http('GET', '/orders/17')))[0]).toBe('SCOPE_INSUFFICIENT');
    expect(
      await pair.authorize({ who, action: 'orders:read', resource: 'orders/17' }, gateway),
    ).toMatchObject({ reason: 'SCOPE_INSUFFICIENT' });
  });
});

describe('the strength of an authentication', () => {
  it('is asked for at last, with what would do', async () => {
    const answer = await ask(byToken(bobToken), http('POST', '/orders/17/cancel'));
    expect(answer).toMatchObject({
      decision: Decision.DECISION_DENY,
      reason: 'STEP_UP_REQUIRED',
      principalId: bob,
      obligations: [{ kind: 'step_up', parameters: { acr: 'urn:ledgate:acr:2' } }],
      endpoint: {
        httpStatus: 401,
        wwwAuthenticate:
          'Bearer realm="shop", error="insufficient_user_authentication", ' +
          'acr_values="urn:ledgate:acr:2"',
      },
    });
    // Whoever lacks the grant is not asked to log in again for nothing.
    const eve = await setUpUser(pair, acme.admin, 'eve', password);
    expect(eve).not.toBe('');
    const token = byToken(await logIn(pair, 'acme', 'eve', password));
    expect((await asked(token, http('POST', '/orders/17/cancel')))[0]).toBe('NO_GRANT');
  });
});

describe('rules', () => {
  it('are replaced as a whole, by whoever has seen those that there are', async () => {
    const before = await pair.call(Rules.listEndpointRules, { api: 'shop' }, acme.admin);
    await expect(replace([rule('GET', '/hours')], '')).rejects.toThrow('have changed since');
    const hours = rule('GET', '/hours');
    const { digest } = await replace([hours], before.digest);
    expect((await asked(undefined, http('GET', '/hours')))[0]).toBe('CREDENTIAL_MISSING');
    expect((await asked(byToken(bobToken), http('GET', '/orders/17')))[0]).toBe('ENDPOINT_UNKNOWN');
    const restored = await replace(before.rules, digest);
    expect(restored.digest).toBe(before.digest);
    expect((await asked(byToken(bobToken), http('GET', '/orders/17')))[0]).toBe('ALLOWED');
  });

  it('are of the tenant whose API it is: no other tenant sets or sees them', async () => {
    const other = await setUpTenant(pair, 'other');
    const listed = await pair.call(Rules.listEndpointRules, { api: 'shop' }, other.admin);
    expect(listed.rules).toEqual([]);
    const named = { ...http('GET', '/orders/17'), tenantId: other.tenantId };
    await expect(ask(byToken(bobToken), named)).rejects.toThrow('may not ask');
    const own = { ...http('GET', '/orders/17'), tenantId: acme.tenantId };
    expect((await asked(byToken(bobToken), own))[0]).toBe('ALLOWED');
  });

  it('come in batches as they come alone', async () => {
    const who = byToken(bobToken);
    const paths = ['/orders/17', '/orders/export', '/hours', '/nowhere', '/orders/%2e'];
    const alone = await Promise.all(paths.map((path) => ask(who, http('GET', path))));
    const requests = paths.map((path) => {
      return { ...request(who, http('GET', path)), consistency: undefined };
    });
    const batch = await pair.authorizer.call(
      Ask.batchAuthorize,
      { requests, consistency: undefined },
      gateway,
    );
    const plain = ({ reason, endpoint, principalId }: AuthorizeResponse) => {
      return { reason, endpoint, principalId };
    };
    expect(batch.responses.map(plain)).toEqual(alone.map(plain));
  });

  it('are explained with the event that set them', async () => {
    const asking = request(byToken(bobToken), http('GET', '/orders/17'));
    const explained = await pair.authorizer.call(Ask.explain, asking, gateway);
    expect(explained.answer).toMatchObject({ reason: 'ALLOWED', endpoint: { httpStatus: 200 } });
    expect(explained.summary).toContain('Allowed: orders:read on orders/17');
    expect(explained.paths[0]).toMatchObject({ roleName: 'clerk' });
    expect(explained.events.map(({ type }) => type)).toContain(
      'ledgate.endpoint.EndpointRulesReplaced.v1',
    );
    const unknown = request(byToken(bobToken), http('GET', '/nowhere'));
    const why = await pair.authorizer.call(Ask.explain, unknown, gateway);
    expect(why.summary).toContain('GET /nowhere');
  });

  it('take nothing that says two things at once', async () => {
    const both = { ...request(byToken(bobToken), http('GET', '/hours')), action: 'orders:read' };
    await expect(pair.authorizer.call(Ask.authorize, both, gateway)).rejects.toThrow('action');
    const nothing = { ...http('GET', '/hours'), call: undefined };
    await expect(ask(byToken(bobToken), nothing)).rejects.toThrow('endpoint.call');
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`p${i}`, 'x']));
    const crowded = { ...http('GET', '/hours'), parameters: many };
    await expect(ask(byToken(bobToken), crowded)).rejects.toThrow('endpoint.parameters');
    const bare = { ...request(undefined, http('GET', '/hours')), endpoint: undefined };
    const wire = { ...bare, action: 'orders:read' };
    await expect(pair.authorizer.call(Ask.authorize, wire, gateway)).rejects.toThrow('who');
  });
});
