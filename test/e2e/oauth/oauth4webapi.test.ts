import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callback, startOauthCell, type OauthCell } from '../../support/oauth/oauth-cell.js';
import { claimsIn } from './flows.js';

let cell: OauthCell;
let server: oauth.AuthorizationServer;
const plain = { [oauth.allowInsecureRequests]: true };
beforeAll(async () => {
  cell = await startOauthCell('webapi');
  const issuer = new URL(cell.issuer);
  const answer = await oauth.discoveryRequest(issuer, plain);
  server = await oauth.processDiscoveryResponse(issuer, answer);
});
afterAll(() => cell.stop());

async function authorize(client: oauth.Client, more: Record<string, string> = {}) {
  const verifier = oauth.generateRandomCodeVerifier();
  const url = new URL(server.authorization_endpoint ?? '');
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: callback,
    response_type: 'code',
    scope: 'openid offline_access orders:read',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: 'state',
    nonce: 'nonce',
    ...more,
  }).toString();
  const back = await (await cell.browserOf('alice')).open(url);
  if (!(back instanceof URL)) throw new Error(back.html);
  return { verifier, response: oauth.validateAuthResponse(server, client, back, 'state') };
}

describe('oauth4webapi completes, unchanged', () => {
  test('RFC 8414 discovery names the same issuer', async () => {
    const issuer = new URL(cell.issuer);
    const answer = await oauth.discoveryRequest(issuer, { ...plain, algorithm: 'oauth2' });
    expect((await oauth.processDiscoveryResponse(issuer, answer)).issuer).toBe(cell.issuer);
  });

  test('code flow with PKCE, ID token with its signature, refresh, introspection, revocation', async () => {
    const { clientId, secret } = await cell.registerClient();
    const client = { client_id: clientId };
    const auth = oauth.ClientSecretBasic(secret);
    const { verifier, response } = await authorize(client);
    const answer = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      auth,
      response,
      callback,
      verifier,
      plain,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, {
      expectedNonce: 'nonce',
      requireIdToken: true,
    });
    await oauth.validateApplicationLevelSignature(server, answer, plain);
    expect(oauth.getValidatedIdTokenClaims(tokens)?.sub).toBe(cell.users.alice);
    const refreshed = await oauth.processRefreshTokenResponse(
      server,
      client,
      await oauth.refreshTokenGrantRequest(server, client, auth, tokens.refresh_token ?? '', plain),
    );
    const introspect = async (token: string) =>
      oauth.processIntrospectionResponse(
        server,
        client,
        await oauth.introspectionRequest(server, client, auth, token, plain),
      );
    expect(await introspect(refreshed.access_token)).toMatchObject({ active: true });
    const revoked = await oauth.revocationRequest(
      server,
      client,
      auth,
      refreshed.refresh_token ?? '',
      plain,
    );
    await oauth.processRevocationResponse(revoked);
    expect(await introspect(refreshed.access_token)).toEqual({ active: false });
  });

  test('the access token is a JWT as RFC 9068 has it, by the published keys', async () => {
    const { clientId, secret } = await cell.registerClient({ authMethod: 'client_secret_post' });
    const client = { client_id: clientId };
    const scope = new URLSearchParams({ scope: 'orders:read' });
    const { access_token } = await oauth.processClientCredentialsResponse(
      server,
      client,
      await oauth.clientCredentialsGrantRequest(
        server,
        client,
        oauth.ClientSecretPost(secret),
        scope,
        plain,
      ),
    );
    const request = new Request('https://api.example/orders', {
      headers: { authorization: `Bearer ${access_token}` },
    });
    const claims = await oauth.validateJwtAccessToken(server, request, cell.audience, plain);
    expect(claims).toMatchObject({ client_id: clientId, scope: 'orders:read' });
  });

  test('PAR with DPoP: the code is bound to the key from the first request on', async () => {
    const { clientId, secret } = await cell.registerClient({ dpopRequired: true });
    const client = { client_id: clientId };
    const auth = oauth.ClientSecretBasic(secret);
    const DPoP = oauth.DPoP({}, await oauth.generateKeyPair('ES256'));
    const verifier = oauth.generateRandomCodeVerifier();
    const parameters = new URLSearchParams({
      redirect_uri: callback,
      response_type: 'code',
      scope: 'openid orders:read',
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const pushed = await oauth.processPushedAuthorizationResponse(
      server,
      client,
      await oauth.pushedAuthorizationRequest(server, client, auth, parameters, { ...plain, DPoP }),
    );
    const query = new URLSearchParams({ client_id: clientId, request_uri: pushed.request_uri });
    const browser = await cell.browserOf('bob');
    const back = await browser.open(`${server.authorization_endpoint}?${query.toString()}`);
    if (!(back instanceof URL)) throw new Error(back.html);
    const response = oauth.validateAuthResponse(server, client, back);
    const redeem = (by: oauth.DPoPHandle) =>
      oauth.authorizationCodeGrantRequest(server, client, auth, response, callback, verifier, {
        ...plain,
        DPoP: by,
      });
    const thief = oauth.DPoP({}, await oauth.generateKeyPair('ES256'));
    expect((await redeem(thief)).status).toBe(400);
  });

  test('the device flow', async () => {
    const { clientId, secret } = await cell.registerClient();
    const client = { client_id: clientId };
    const auth = oauth.ClientSecretBasic(secret);
    const asked = await oauth.deviceAuthorizationRequest(
      server,
      client,
      auth,
      new URLSearchParams({ scope: 'openid orders:read' }),
      plain,
    );
    const device = await oauth.processDeviceAuthorizationResponse(server, client, asked);
    const poll = () =>
      oauth.deviceCodeGrantRequest(server, client, auth, device.device_code, plain);
    expect(await (await poll()).json()).toMatchObject({ error: 'authorization_pending' });
    const browser = await cell.browserOf('alice');
    const form = await browser.open(device.verification_uri);
    const confirm = await browser.submit(form, { user_code: device.user_code.toLowerCase() });
    await browser.submit(confirm, { confirm: 'yes' });
    const tokens = await oauth.processDeviceCodeResponse(server, client, await poll());
    expect(claimsIn(tokens.access_token)).toMatchObject({ sub: cell.users.alice });
    expect(await (await poll()).json()).toMatchObject({ error: 'invalid_grant' });
  });
});
