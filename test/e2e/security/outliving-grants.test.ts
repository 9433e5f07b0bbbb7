import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ClientServiceService as Clients,
  ConsentServiceService as Consents,
} from '#proto/ledgate/identity/v1/client.js';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { SessionServiceService as Sessions } from '#proto/ledgate/identity/v1/session.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import {
  RevocationScope,
  TokenServiceService as Tokens,
} from '#proto/ledgate/identity/v1/token.js';
import { setUpUser } from '../../support/identity/tenant-setup.js';
import { Browser } from '../../support/oauth/browser.js';
import {
  startOauthCell,
  type OauthCell,
  type RegisteredClient,
} from '../../support/oauth/oauth-cell.js';
import { codeFor, post, redeem, refresh } from './raw-oauth.js';

const slug = 'outliving';
const password = 'nine patient herons';
let cell: OauthCell;
/** Asks about tokens, and outlives what is done to the others. */
let asker: RegisteredClient;
let count = 0;

beforeAll(async () => {
  cell = await startOauthCell(slug);
  asker = await cell.registerClient({ name: 'Asker' });
});
afterAll(() => cell.stop());

/** Somebody with a session, and a client with tokens for it. */
interface Grant {
  readonly principalId: string;
  readonly loginName: string;
  readonly sessionToken: string;
  readonly client: RegisteredClient;
  readonly browser: Browser;
  readonly accessToken: string;
  readonly refreshToken: string;
}

async function sessionOf(loginName: string): Promise<string> {
  const request = { tenant: slug, loginName, password, deviceLabel: 'a browser' };
  const { step } = await cell.world.call(Logins.startLogin, request);
  return step?.done?.sessionToken ?? '';
}

async function granted(): Promise<Grant> {
  const loginName = `user-${count++}`;
  const principalId = await setUpUser(cell.world, cell.tenant.admin, loginName, password);
  const sessionToken = await sessionOf(loginName);
  const browser = new Browser(cell.issuer);
  browser.setCookie('ledgate', sessionToken);
  const client = await cell.registerClient({ name: loginName });
  await cell.world.call(
    Consents.giveConsent,
    { clientId: client.clientId, scopes: ['openid', 'orders:read'] },
    sessionToken,
  );
  const code = await codeFor(client.clientId, browser);
  const { body } = await post(cell, '/oauth/token', redeem(code), client);
  const accessToken = String(body['access_token']);
  const refreshToken = String(body['refresh_token']);
  const grant = {
    principalId,
    loginName,
    sessionToken,
    client,
    browser,
    accessToken,
    refreshToken,
  };
  expect(await livesOf(grant)).toEqual(all);
  return grant;
}

/** What somebody may still do by it. */
type Life = 'access' | 'userinfo' | 'session';
const all: readonly Life[] = ['access', 'userinfo', 'session'];

async function livesOf({ client, accessToken, sessionToken }: Grant): Promise<Life[]> {
  const lives: Life[] = [];
  // By the client itself where it is still there, and by another one.
  const introspected = await post(cell, '/oauth/introspect', { token: accessToken }, client);
  const asked = await cell.world.call(
    Tokens.introspectToken,
    { token: accessToken },
    cell.world.root,
  );
  if (introspected.body['active'] === true || asked.active) lives.push('access');
  const headers = { authorization: `Bearer ${accessToken}` };
  if ((await fetch(`${cell.issuer}/oauth/userinfo`, { headers })).ok) lives.push('userinfo');
  const session = cell.world.call(Sessions.getSession, {}, sessionToken);
  if (
    await session.then(
      () => true,
      () => false,
    )
  )
    lives.push('session');
  return lives;
}

async function canRefresh({ client, refreshToken }: Grant): Promise<boolean> {
  const { status } = await post(cell, '/oauth/token', refresh(refreshToken), client);
  return status === 200;
}

type End = (grant: Grant) => Promise<unknown>;
const call: OauthCell['world']['call'] = (...given) => cell.world.call(...given);

/** Everything that ends all that somebody has. */
const ends: Readonly<Record<string, End>> = {
  'the password was set by an administrator': ({ principalId }) =>
    call(Credentials.setPassword, { principalId, password: `${password}, new` }, cell.tenant.admin),
  'the password was changed elsewhere': async ({ loginName }) =>
    call(Credentials.changePassword, {
      tenantId: slug,
      loginName,
      currentPassword: password,
      newPassword: `${password}, new`,
    }),
  'the password was removed': ({ principalId }) =>
    call(Credentials.removePassword, { principalId }, cell.tenant.admin),
  'the principal was suspended': ({ principalId }) =>
    call(Principals.suspendPrincipal, { principalId }, cell.tenant.admin),
  'the principal was deleted': ({ principalId }) =>
    call(Principals.deletePrincipal, { principalId }, cell.tenant.admin),
  'everything issued to the principal was revoked': ({ principalId }) =>
    call(
      Tokens.revokeTokens,
      { scope: RevocationScope.REVOCATION_SCOPE_PRINCIPAL, principalId },
      cell.tenant.admin,
    ),
  'the session was ended': ({ sessionToken }) => call(Sessions.endSession, {}, sessionToken),
  'the session was ended by another': async ({ loginName }) =>
    call(Sessions.endOtherSessions, {}, await sessionOf(loginName)),
  'all sessions were ended': async ({ loginName }) =>
    call(Sessions.endAllSessions, {}, await sessionOf(loginName)),
};

/** What ends what one client has, and leaves the session. */
const clientEnds: Readonly<Record<string, End>> = {
  'the client was suspended': ({ client: { clientId } }) =>
    call(Clients.suspendClient, { clientId }, cell.tenant.admin),
  'the client was deleted': ({ client: { clientId } }) =>
    call(Clients.deleteClient, { clientId }, cell.tenant.admin),
  'the consent was withdrawn': ({ client: { clientId }, sessionToken }) =>
    call(Consents.withdrawConsent, { clientId }, sessionToken),
  'the refresh token was revoked': ({ client, refreshToken }) =>
    post(cell, '/oauth/revoke', { token: refreshToken }, client),
};

describe('Zitadel #8288, #11177: nothing outlives', () => {
  it.each(Object.entries(ends))('%s', async (_what, end) => {
    const grant = await granted();
    await end(grant);
    expect(await livesOf(grant)).toEqual([]);
    expect(await canRefresh(grant)).toBe(false);
    await expect(codeFor(grant.client.clientId, grant.browser)).rejects.toThrow();
  });

  it.each(Object.entries(clientEnds))('%s, and the session goes on', async (_what, end) => {
    const grant = await granted();
    await end(grant);
    expect(await livesOf(grant)).toEqual(['session']);
    // Nobody is told otherwise before it is tried.
    const asked = await post(cell, '/oauth/introspect', { token: grant.refreshToken }, asker);
    expect(asked).toMatchObject({ status: 200, body: { active: false } });
    expect(await canRefresh(grant)).toBe(false);
  });

  it('a revoked access token, whose family goes on', async () => {
    const grant = await granted();
    await post(cell, '/oauth/revoke', { token: grant.accessToken }, grant.client);
    expect(await livesOf(grant)).toEqual(['session']);
  });

  it('a code that was not redeemed yet', async () => {
    const grant = await granted();
    const code = await codeFor(grant.client.clientId, grant.browser);
    await ends['the password was set by an administrator']?.(grant);
    const { status } = await post(cell, '/oauth/token', redeem(code), grant.client);
    expect(status).toBe(400);
  });

  it('a suspended tenant, until it is resumed', async () => {
    const grant = await granted();
    const { tenantId } = cell.tenant;
    await call(Tenants.suspendTenant, { tenantId }, cell.world.root);
    expect(await livesOf(grant)).toEqual([]);
    expect(await canRefresh(grant)).toBe(false);
    await call(Tenants.resumeTenant, { tenantId }, cell.world.root);
    expect(await canRefresh(grant)).toBe(true);
    const credentials = { grant_type: 'client_credentials', scope: 'orders:read' };
    expect(await post(cell, '/oauth/token', credentials, asker)).toMatchObject({ status: 200 });
  });
});
