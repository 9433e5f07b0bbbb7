import { generateKeyPairSync } from 'node:crypto';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClientKind } from '#proto/ledgate/identity/v1/client.js';
import { callback, startOauthCell, type OauthCell } from '../../support/oauth/oauth-cell.js';
import { claimsIn, codeFlow, discover } from './flows.js';

let cell: OauthCell;
beforeAll(async () => {
  cell = await startOauthCell();
});
afterAll(() => cell.stop());

describe('openid-client completes, unchanged', () => {
  test('discovery: endpoints, S256 only, iss in responses (RFC 9207)', async () => {
    const client = await cell.registerClient();
    const metadata = (await discover(cell, client)).serverMetadata();
    expect(metadata.issuer).toBe(cell.issuer);
    expect(metadata.code_challenge_methods_supported).toEqual(['S256']);
    expect(metadata['authorization_response_iss_parameter_supported']).toBe(true);
    expect(metadata['registration_endpoint']).toBeUndefined();
  });

  test('code flow with PKCE, ID token, userinfo, refresh', async () => {
    const client = await cell.registerClient();
    const config = await discover(cell, client);
    const tokens = await codeFlow(cell, config, await cell.browserOf('alice'), {
      scope: 'openid profile orders:read',
    });
    expect(tokens.claims()).toMatchObject({ sub: cell.users.alice, acr: 'urn:ledgate:acr:1' });
    expect(claimsIn(tokens.access_token)).toMatchObject({
      iss: cell.issuer,
      sub: cell.users.alice,
      aud: cell.audience,
      client_id: client.clientId,
      scope: 'openid profile orders:read',
    });
    const person = await openid.fetchUserInfo(config, tokens.access_token, cell.users.alice);
    expect(person).toMatchObject({ sub: cell.users.alice, preferred_username: 'alice' });
    const again = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect(again.refresh_token).toMatch(/^lgr_/u);
    expect(again.refresh_token).not.toBe(tokens.refresh_token);
    expect(claimsIn(again.access_token)['sid']).toBe(claimsIn(tokens.access_token)['sid']);
  });

  test('client credentials by secret, in the header and in the body', async () => {
    for (const authMethod of ['client_secret_basic', 'client_secret_post'] as const) {
      const client = await cell.registerClient({ authMethod });
      const config = await discover(cell, client, authMethod);
      const { access_token } = await openid.clientCredentialsGrant(config, {
        scope: 'orders:read',
      });
      expect(claimsIn(access_token)).toMatchObject({
        sub: client.principalId,
        scope: 'orders:read',
      });
      expect(claimsIn(access_token)['sid']).toBeUndefined();
    }
  });

  test('client credentials by private_key_jwt', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' };
    const client = await cell.registerClient({
      authMethod: 'private_key_jwt',
      jwks: JSON.stringify({ keys: [jwk] }),
    });
    const key = await crypto.subtle.importKey(
      'pkcs8',
      privateKey.export({ type: 'pkcs8', format: 'der' }),
      { name: 'ECDSA', namedCurve: 'P-256' },
      false,
      ['sign'],
    );
    const config = await openid.discovery(
      new URL(cell.issuer),
      client.clientId,
      undefined,
      openid.PrivateKeyJwt({ key, kid: 'one' }),
      { execute: [openid.allowInsecureRequests] },
    );
    const { access_token } = await openid.clientCredentialsGrant(config, { scope: 'orders:read' });
    expect(claimsIn(access_token)['sub']).toBe(client.principalId);
  });

  test('a public client: code flow with PKCE and no secret', async () => {
    const settings = { authMethod: 'none', grantTypes: ['authorization_code', 'refresh_token'] };
    const client = await cell.registerClient(settings, ClientKind.CLIENT_KIND_NATIVE);
    const config = await discover(cell, client, 'none');
    const tokens = await codeFlow(cell, config, await cell.browserOf('bob'));
    expect(claimsIn(tokens.access_token)['sub']).toBe(cell.users.bob);
  });

  test('pushed authorization requests (RFC 9126), used once', async () => {
    const client = await cell.registerClient({ parRequired: true });
    const config = await discover(cell, client);
    const verifier = openid.randomPKCECodeVerifier();
    const url = await openid.buildAuthorizationUrlWithPAR(config, {
      redirect_uri: callback,
      scope: 'openid orders:read',
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: 's',
    });
    const browser = await cell.browserOf('alice');
    const back = await browser.open(url);
    if (!(back instanceof URL)) throw new Error(back.html);
    const checks = { pkceCodeVerifier: verifier, expectedState: 's' };
    const tokens = await openid.authorizationCodeGrant(config, back, checks);
    expect(claimsIn(tokens.access_token)['sub']).toBe(cell.users.alice);
    const twice = await browser.open(url);
    expect(twice instanceof URL ? twice.searchParams.get('error') : twice.html).toMatch(
      /invalid_request_uri/u,
    );
  });

  test('the device flow (RFC 8628)', async () => {
    const client = await cell.registerClient({ name: 'Telly' });
    const config = await discover(cell, client);
    const device = await openid.initiateDeviceAuthorization(config, {
      scope: 'openid orders:read',
    });
    const browser = await cell.browserOf('alice');
    const form = await browser.open(device.verification_uri);
    const confirm = await browser.submit(form, { user_code: device.user_code });
    expect(confirm instanceof URL ? '' : confirm.html).toContain('Telly');
    const done = await browser.submit(confirm, { confirm: 'yes' });
    expect(done instanceof URL ? '' : done.html).toMatch(/connected/iu);
    const tokens = await openid.pollDeviceAuthorizationGrant(config, { ...device, interval: 1 });
    expect(claimsIn(tokens.access_token)).toMatchObject({ sub: cell.users.alice });
    await openid.refreshTokenGrant(config, tokens.refresh_token ?? '');
  });

  test('the device flow, denied', async () => {
    const config = await discover(cell, await cell.registerClient());
    const device = await openid.initiateDeviceAuthorization(config, { scope: 'openid' });
    const browser = await cell.browserOf('bob');
    const form = await browser.open(device.verification_uri_complete ?? '');
    const confirm = await browser.submit(form, { user_code: device.user_code });
    await browser.submit(confirm, { abort: 'yes' });
    await expect(
      openid.pollDeviceAuthorizationGrant(config, { ...device, interval: 1 }),
    ).rejects.toMatchObject({
      error: 'access_denied',
    });
  });

  test('DPoP (RFC 9449): bound tokens, userinfo and refresh with the key', async () => {
    const client = await cell.registerClient({ dpopRequired: true });
    const config = await discover(cell, client);
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'));
    const tokens = await codeFlow(cell, config, await cell.browserOf('alice'), { DPoP });
    expect(tokens.token_type).toBe('dpop');
    expect(claimsIn(tokens.access_token)).toMatchObject({ cnf: { jkt: expect.any(String) } });
    await openid.fetchUserInfo(config, tokens.access_token, cell.users.alice, { DPoP });
    await openid.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP });
  });

  test('introspection (RFC 7662) and revocation (RFC 7009) of every kind of token', async () => {
    const client = await cell.registerClient();
    const config = await discover(cell, client);
    const tokens = await codeFlow(cell, config, await cell.browserOf('alice'));
    const refresh = tokens.refresh_token ?? '';
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toMatchObject({
      active: true,
      sub: cell.users.alice,
      aud: cell.audience,
      acr: 'urn:ledgate:acr:1',
      client_id: client.clientId,
    });
    expect(await openid.tokenIntrospection(config, refresh)).toMatchObject({ active: true });
    await openid.tokenRevocation(config, tokens.access_token);
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false });
    // The refresh token goes on until it is revoked itself; its access tokens die with it.
    const next = await openid.refreshTokenGrant(config, refresh);
    await openid.tokenRevocation(config, next.refresh_token ?? '');
    for (const token of [next.access_token, next.refresh_token ?? '']) {
      expect(await openid.tokenIntrospection(config, token)).toEqual({ active: false });
    }
  });

  test('RP-initiated logout ends the session and everything of it', async () => {
    const client = await cell.registerClient();
    const config = await discover(cell, client);
    const browser = await cell.browserOf('alice');
    const tokens = await codeFlow(cell, config, browser);
    const url = openid.buildEndSessionUrl(config, {
      post_logout_redirect_uri: 'http://127.0.0.1:9/bye',
      id_token_hint: tokens.id_token ?? '',
      state: 'left',
    });
    const question = await browser.open(url);
    const bye = await browser.submit(question, { logout: 'yes' });
    expect(bye instanceof URL ? bye.href : bye.html).toBe('http://127.0.0.1:9/bye?state=left');
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false });
    await expect(
      openid.refreshTokenGrant(config, tokens.refresh_token ?? ''),
    ).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  test('token exchange (RFC 8693): narrower, with who acts', async () => {
    const client = await cell.registerClient();
    const config = await discover(cell, client);
    const subject = await codeFlow(cell, config, await cell.browserOf('alice'), {
      scope: 'openid orders:read',
    });
    const exchange = (more: Record<string, string>) =>
      openid.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:token-exchange', {
        subject_token: subject.access_token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        ...more,
      });
    const narrow = claimsIn((await exchange({ scope: 'orders:read' })).access_token);
    expect(narrow).toMatchObject({
      sub: cell.users.alice,
      scope: 'orders:read',
      act: { sub: client.principalId },
    });
    expect(narrow['exp']).toBeLessThanOrEqual(Number(claimsIn(subject.access_token)['exp']));
    await expect(exchange({ scope: 'email' })).rejects.toMatchObject({ error: 'invalid_scope' });
    await expect(exchange({ audience: 'elsewhere' })).rejects.toMatchObject({
      error: 'invalid_target',
    });
  });
});
