import * as openid from 'openid-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOauthCell, type OauthCell } from '../../support/oauth/oauth-cell.js';
import { claimsIn, codeFlow, discover } from './flows.js';

let cell: OauthCell;
beforeAll(async () => {
  cell = await startOauthCell('claims');
});
afterAll(() => cell.stop());

const some = { text: expect.any(String) as string, number: expect.any(Number) as number };

function headerOf(jwt: string | undefined): unknown {
  return JSON.parse(Buffer.from(jwt?.split('.')[0] ?? '', 'base64url').toString('utf8'));
}

/** OpenID Connect Core, section 2; and for as long as the engine said. */
function idClaims(clientId: string) {
  return {
    iss: cell.issuer,
    sub: cell.users.alice,
    aud: clientId,
    exp: some.number,
    iat: some.number,
    auth_time: some.number,
    acr: 'urn:ledgate:acr:1',
    amr: ['pwd'],
    sid: some.text,
  };
}

/** RFC 9068, section 2.2. */
function accessClaims(clientId: string, scope: string) {
  return {
    ...idClaims(clientId),
    aud: cell.audience,
    client_id: clientId,
    jti: some.text,
    scope,
    tenant: cell.tenant.tenantId,
    lg: {
      e: some.number,
      L: some.number,
      a: some.number,
      c: some.text,
      S: some.number,
      f: some.text,
    },
  };
}

test.each([
  ['openid orders:read', {}],
  ['openid profile', { preferred_username: 'alice' }],
  ['openid email orders:read', {}],
])('tokens for the scopes %s say exactly this', async (scope, ofPerson) => {
  const client = await cell.registerClient();
  const config = await discover(cell, client);
  const first = await codeFlow(cell, config, await cell.browserOf('alice'), { scope });
  const second = await openid.refreshTokenGrant(config, first.refresh_token ?? '');
  const { clientId } = client;
  for (const tokens of [first, second]) {
    const access = claimsIn(tokens.access_token);
    expect(access).toEqual(accessClaims(clientId, scope));
    expect(Number(access['exp']) - Number(access['iat'])).toBe(tokens.expires_in);
    expect(headerOf(tokens.access_token)).toEqual({
      alg: 'EdDSA',
      kid: some.text,
      typ: 'at+jwt',
    });
    const id = claimsIn(tokens.id_token ?? '');
    // OpenID Connect Core, section 12.2: no nonce when it is refreshed.
    const nonce = tokens === first ? { nonce: 'nonce' } : {};
    expect(id).toEqual({ ...idClaims(clientId), ...ofPerson, ...nonce });
    expect(Number(id['exp']) - Number(id['iat'])).toBe(600);
    expect(id['sid']).toBe(access['sid']);
    expect(headerOf(tokens.id_token)).toEqual({ alg: 'EdDSA', kid: some.text });
    expect(Object.keys(tokens).toSorted()).toEqual([
      'access_token',
      'expires_in',
      'id_token',
      'refresh_token',
      'scope',
      'token_type',
    ]);
    expect(tokens.scope).toBe(scope);
  }
});

test('a token of a client alone speaks of its service account', async () => {
  const client = await cell.registerClient();
  const config = await discover(cell, client);
  const tokens = await openid.clientCredentialsGrant(config, { scope: 'orders:read nothing' });
  const claims = claimsIn(tokens.access_token);
  const { sid: _, acr: __, lg, ...rest } = accessClaims(client.clientId, 'orders:read');
  const { f: ___, ...place } = lg;
  const own = { sub: client.principalId, amr: ['client_secret'] };
  expect(claims).toEqual({ ...rest, ...own, lg: place });
  expect(tokens).toMatchObject({ expires_in: 600, scope: 'orders:read', token_type: 'bearer' });
  expect(tokens).not.toHaveProperty('refresh_token');
});

test('what is exchanged says who acts, and narrows', async () => {
  const client = await cell.registerClient();
  const config = await discover(cell, client);
  const first = await codeFlow(cell, config, await cell.browserOf('alice'));
  const type = 'urn:ietf:params:oauth:token-type:access_token';
  const grant = 'urn:ietf:params:oauth:grant-type:token-exchange';
  const tokens = await openid.genericGrantRequest(config, grant, {
    subject_token: first.access_token,
    subject_token_type: type,
    scope: 'orders:read',
  });
  expect(claimsIn(tokens.access_token)).toEqual({
    ...accessClaims(client.clientId, 'orders:read'),
    act: { sub: client.principalId },
  });
  expect(tokens).toMatchObject({ issued_token_type: type, scope: 'orders:read' });
});
