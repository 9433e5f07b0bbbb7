import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AuthorizerServiceService as Ask,
  type AuthorizeRequest,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import { EndpointRuleServiceService as Rules } from '#proto/ledgate/identity/v1/endpoint_rule.js';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import { RoleServiceService as Roles } from '#proto/ledgate/identity/v1/role.js';
import { SessionServiceService as Sessions } from '#proto/ledgate/identity/v1/session.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { enrolPasskey, passwordLogin } from '../../support/identity/login-world.js';
import { refusal } from '../../support/identity/refusal.js';
import { sampleRule } from '../../support/identity/sample-rule.js';
import {
  setUpApiKey,
  setUpGrant,
  setUpTenant,
  setUpUser,
  type TenantSetup,
} from '../../support/identity/tenant-setup.js';
import { byToken, startPair, type Pair } from '../../support/ledgate/running-pair.js';

// Both services: sessions are begun, stepped up and ended at identity, and judged by the authorizer.

const person = { tenant: 'acme', loginName: 'bob', password: 'seven quiet lanterns' };
const consistency = { requirement: { $case: 'fullyConsistent', value: true } } as const;
let pair: Pair;
let acme: TenantSetup;
let gateway = '';

beforeAll(async () => {
  pair = await startPair();
  acme = await setUpTenant(pair, 'acme');
  const service = await setUpUser(pair, acme.admin, 'gateway');
  gateway = (await setUpApiKey(pair, acme.admin, service)).apiKey;
  const permissions = ['ask', 'ask-any', 'explain'].map((verb) => `ledgate.authorizer:${verb}`);
  await setUpGrant(pair, acme.admin, service, { name: 'asker', permissions });
  const named = { name: 'orders:pay', resourceType: '', description: '', risk: 1 } as const;
  const permission = { ...named, maxStalenessMs: 0n, auditRequired: false };
  await pair.call(Roles.definePermission, { permission }, acme.admin);
  const bob = await setUpUser(pair, acme.admin, person.loginName, person.password);
  await setUpGrant(pair, acme.admin, bob, { name: 'clerk', permissions: ['orders:*'] });
  const rules = [
    sampleRule('POST', '/pay', { permission: 'orders:pay', minAcr: 'urn:ledgate:acr:2' }),
  ];
  await pair.call(Rules.replaceEndpointRules, { api: 'shop', rules }, acme.admin);
});
afterAll(() => pair.close());

const pay = {
  api: 'shop',
  call: { $case: 'http' as const, value: { method: 'POST', path: '/pay' } },
  parameters: {},
  tenantId: '',
};
const bySession = (value: string): AuthorizeRequest['who'] => ({
  $case: 'credential',
  value: { credential: { $case: 'sessionToken', value } },
});
const ask = (who: AuthorizeRequest['who'], more: Partial<AuthorizeRequest> = {}) => {
  const question = { who, action: 'orders:pay', resource: '', consistency, ...more };
  return pair.authorizer.call(Ask.authorize, question, gateway);
};
const askEndpoint = (who: AuthorizeRequest['who']) =>
  ask(who, { action: '', resource: '', endpoint: pay });
const tokenOf = async (session: string): Promise<string> =>
  (await pair.call(Tokens.issueToken, {}, session)).accessToken;

describe('a session of identity', () => {
  it('and its tokens say who it is and how strongly, until it ends: then everywhere at once', async () => {
    const { sessionToken, sessionId } = await passwordLogin(pair, person);
    const token = await tokenOf(sessionToken);
    const { identity } = await pair.authenticate(bySession(sessionToken), gateway);
    expect(identity).toMatchObject({
      credentialKind: 'SESSION',
      sessionId,
      acr: 'urn:ledgate:acr:1',
      amr: ['pwd'],
    });
    const told = await pair.authenticate(byToken(token), gateway);
    expect(told.identity).toMatchObject({ credentialKind: 'TOKEN', sessionId });
    for (const who of [bySession(sessionToken), byToken(sessionToken), byToken(token)]) {
      expect((await ask(who)).reason).toBe('ALLOWED');
    }
    await pair.call(Sessions.endSession, {}, sessionToken);
    for (const who of [bySession(sessionToken), byToken(token)]) {
      expect((await ask(who)).reason).toBe('SESSION_ENDED');
    }
    const own = await refusal(pair.call(Sessions.getSession, {}, token));
    expect(own.code).toBe(status.UNAUTHENTICATED);
  });

  it('is explained by the events of the ledger that holds them', async () => {
    const { sessionToken } = await passwordLogin(pair, person);
    const token = await tokenOf(sessionToken);
    await pair.call(Tokens.revokeToken, { token });
    const question = { who: byToken(token), action: 'orders:pay', resource: '', consistency };
    const explained = await pair.authorizer.call(Ask.explain, question, gateway);
    expect(explained.answer?.reason).toBe('TOKEN_REVOKED');
    expect(explained.events).toMatchObject([
      { type: 'ledgate.token.TokenRevoked.v1', ledger: 'S' },
    ]);
    expect(explained.summary).toContain('of ledger S');
  });

  it('that is too weak is told what would do, and the same token passes after the step-up', async () => {
    const { sessionToken } = await passwordLogin(pair, person);
    const { device } = await enrolPasskey(pair, sessionToken);
    const weak = await pair.call(Logins.startLogin, person);
    expect(weak.step?.done).toBeUndefined();
    const token = await tokenOf(sessionToken);
    const before = await askEndpoint(byToken(token));
    expect(before).toMatchObject({
      reason: 'STEP_UP_REQUIRED',
      obligations: [{ kind: 'step_up', parameters: { acr: 'urn:ledgate:acr:2' } }],
      endpoint: { httpStatus: 401 },
    });
    expect(before.endpoint?.wwwAuthenticate).toContain('acr_values="urn:ledgate:acr:2"');
    const { step } = await pair.call(Logins.startStepUp, { sessionToken });
    const { ticket = '', factors = [] } = step ?? {};
    const credentialId = factors[0]?.credentialId ?? '';
    const chosen = await pair.call(Logins.chooseFactor, { ticket, credentialId });
    const value = device.get(chosen.passkeyOptionsJson);
    const answer = { answer: { $case: 'passkeyJson' as const, value } };
    await pair.call(Logins.stepUp, { sessionToken, ticket: chosen.ticket, answer, credentialId });
    expect((await askEndpoint(byToken(token))).reason).toBe('ALLOWED');
    expect((await ask(bySession(sessionToken))).reason).toBe('SESSION_UNKNOWN');
  });
});
