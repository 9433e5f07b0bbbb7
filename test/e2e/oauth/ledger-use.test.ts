import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ClientKind, ConsentServiceService } from '#proto/ledgate/identity/v1/client.js';
import { TokenServiceService } from '#proto/ledgate/identity/v1/token.js';
import { Browser } from '../../support/oauth/browser.js';
import {
  callback,
  startOauthCell,
  userPassword,
  type OauthCell,
} from '../../support/oauth/oauth-cell.js';
import { authorize, claimsIn, codeFlow, discover } from './flows.js';

let cell: OauthCell;
beforeAll(async () => {
  cell = await startOauthCell('ledgers', { metricsAddress: '127.0.0.1:0' });
});
afterAll(() => cell.stop());

const publicSettings = { authMethod: 'none', grantTypes: ['authorization_code'] };

/** Records in both ledgers, as this instance has read them. */
async function records(): Promise<number> {
  const { metricsPort } = cell.world.identity;
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const lines = text.matchAll(/^ledgate_identity_position(?:\{[^}]*\})? (-?\d+)$/gmu);
  const positions = [...lines].map(([, position]) => Number(position));
  expect(positions).toHaveLength(2);
  return positions.reduce((sum, one) => sum + one, 0);
}

async function appendsOf<T>(work: () => Promise<T>): Promise<readonly [number, T]> {
  const before = await records();
  const result = await work();
  return [(await records()) - before, result];
}

describe('what is appended', () => {
  test('nothing for whoever is not authenticated', async () => {
    const client = await cell.registerClient(publicSettings, ClientKind.CLIENT_KIND_NATIVE);
    const config = await discover(cell, client, 'none');
    const [appended] = await appendsOf(async () => {
      for (let i = 0; i < 20; i += 1) {
        const url = await openid.buildAuthorizationUrlWithPAR(config, {
          redirect_uri: callback,
          scope: 'openid',
          code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
          code_challenge_method: 'S256',
        });
        const page = await new Browser(cell.issuer).open(url);
        expect(page instanceof URL ? page.href : page.status).toBe(200);
      }
    });
    expect(appended).toBe(0);
  });

  test('two records for a code flow after the login, one for a refresh, none for client credentials', async () => {
    const config = await discover(cell, await cell.registerClient());
    const browser = await cell.browserOf('alice');
    const [ofFlow, tokens] = await appendsOf(() => codeFlow(cell, config, browser));
    expect(ofFlow).toBe(2);
    const refresh = () => openid.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect((await appendsOf(refresh))[0]).toBe(1);
    const ofClient = () => openid.clientCredentialsGrant(config, { scope: 'orders:read' });
    expect((await appendsOf(ofClient))[0]).toBe(0);
    const introspect = () => openid.tokenIntrospection(config, tokens.access_token);
    expect((await appendsOf(introspect))[0]).toBe(0);
  });
});

test('a person logs in and consents with forms, and the client gets what was consented to', async () => {
  const config = await discover(cell, await cell.registerClient({ firstParty: false }));
  const verifier = openid.randomPKCECodeVerifier();
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: 'openid orders:read',
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: 'state',
  });
  const browser = new Browser(cell.issuer);
  const login = await browser.open(url);
  const asked = await browser.submit(login, { login_name: 'bob', password: userPassword });
  expect(asked instanceof URL ? asked.href : asked.html).toContain('Shop');
  const back = await browser.submit(asked, { verdict: 'allow' });
  if (!(back instanceof URL)) throw new Error(back.html);
  const checks = { pkceCodeVerifier: verifier, expectedState: 'state' };
  const tokens = await openid.authorizationCodeGrant(config, back, checks);
  expect(claimsIn(tokens.access_token)).toMatchObject({
    sub: cell.users.bob,
    scope: 'openid orders:read',
  });
  // The second time nobody is asked, until the consent is withdrawn.
  await authorize(config, browser, { more: { prompt: 'none' } });
  const token = (
    await cell.world.call(TokenServiceService.login, {
      tenant: cell.slug,
      loginName: 'bob',
      password: userPassword,
    })
  ).accessToken;
  const { tenantId } = cell.tenant;
  const clientId = config.clientMetadata().client_id;
  const withdraw = { tenantId, principalId: cell.users.bob, clientId };
  await cell.world.call(ConsentServiceService.withdrawConsent, withdraw, token);
  const { back: refused } = await authorize(config, browser, { more: { prompt: 'none' } });
  expect(refused.searchParams.get('error')).toMatch(/consent_required|interaction_required/u);
  expect(await openid.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false });
  // Who gives it again confirms who they are: what stood on the login before stays dead.
  const askedAgain = await browser.open(url);
  const loginAgain = await browser.submit(askedAgain, { verdict: 'allow' });
  const backAgain = await browser.submit(loginAgain, { answer: userPassword });
  if (!(backAgain instanceof URL)) throw new Error(backAgain.html);
  const again = await openid.authorizationCodeGrant(config, backAgain, checks);
  const live = await openid.tokenIntrospection(config, again.access_token);
  expect(live).toMatchObject({ active: true, sub: cell.users.bob });
  await expect(openid.refreshTokenGrant(config, tokens.refresh_token ?? '')).rejects.toMatchObject({
    error: 'invalid_grant',
  });
  await openid.refreshTokenGrant(config, again.refresh_token ?? '');
  expect(await openid.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false });
});

test('a person who refuses is sent back with access_denied', async () => {
  const config = await discover(cell, await cell.registerClient({ firstParty: false }));
  const browser = await cell.browserOf('alice');
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: 'openid',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  });
  const back = await browser.submit(await browser.open(url), { verdict: 'deny' });
  expect(back instanceof URL ? back.searchParams.get('error') : back.html).toBe('access_denied');
});

test('keys are changed while it runs: old tokens stay good, new ones are signed by the new key', async () => {
  const config = await discover(cell, await cell.registerClient());
  const browser = await cell.browserOf('alice');
  const before = await codeFlow(cell, config, browser);
  await cell.world.call(TokenServiceService.rotateSigningKey, {}, cell.world.root);
  const after = await codeFlow(cell, await discover(cell, await cell.registerClient()), browser);
  const kidOf = (jwt: string): unknown => {
    const header = Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString('utf8');
    return (JSON.parse(header) as { kid?: unknown }).kid;
  };
  expect(kidOf(after.access_token)).not.toBe(kidOf(before.access_token));
  expect(kidOf(after.id_token ?? '')).toBe(kidOf(after.access_token));
  expect(await openid.tokenIntrospection(config, before.access_token)).toMatchObject({
    active: true,
  });
});

test('clients with an address for it hear that a session has ended, again when they were away', async () => {
  const heard: string[] = [];
  let answers = [503, 200];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      heard.push(new URLSearchParams(body).get('logout_token') ?? '');
      [response.statusCode = 200, ...answers] = answers;
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = await cell.registerClient({
    backchannelLogoutUri: `http://127.0.0.1:${port}/logout`,
  });
  const config = await discover(cell, client);
  const browser = await cell.browserOf('bob');
  const tokens = await codeFlow(cell, config, browser);
  await browser.submit(await browser.open('/oauth/logout'), { logout: 'yes' });
  await vi.waitFor(() => expect(heard).toHaveLength(2), { timeout: 10_000 });
  for (const token of heard) {
    expect(claimsIn(token)).toMatchObject({
      iss: cell.issuer,
      aud: client.clientId,
      sub: cell.users.bob,
      sid: tokens.claims()?.['sid'],
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
  }
  server.close();
});
