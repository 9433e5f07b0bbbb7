import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClientKind, ClientServiceService as Clients } from '#proto/ledgate/identity/v1/client.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import {
  callback,
  startOauthCell,
  type OauthCell,
  type RegisteredClient,
} from '../../support/oauth/oauth-cell.js';
import { postForm } from '../oauth/raw-form.js';
import {
  assertionClaims,
  byAssertion,
  challenge,
  codeFor,
  post,
  redeem,
  refresh,
  signAssertion,
  signingClient,
} from './raw-oauth.js';

const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const other = { id: 'other', offline: false };
const otherResource = 'urn:ledgate:audience:other';
const refused = { status: 400, body: { error: 'invalid_target' } };
let cell: OauthCell;
let shop: RegisteredClient;

beforeAll(async () => {
  cell = await startOauthCell('edges');
  shop = await cell.registerClient({ audiences: [own(), other] });
});
afterAll(() => cell.stop());

const own = () => ({ id: cell.audience, offline: false });

describe('resources and audiences', () => {
  it.each(['urn:ledgate:audience:%', 'urn:ledgate:audience:%E0%A4'])(
    'one that is not encoded rightly is refused: %s',
    async (resource) => {
      const credentials = { grant_type: 'client_credentials', resource };
      expect(await post(cell, '/oauth/token', credentials, shop)).toMatchObject(refused);
      const pushed = {
        client_id: shop.clientId,
        response_type: 'code',
        redirect_uri: callback,
        code_challenge: challenge,
        code_challenge_method: 'S256',
        scope: 'openid',
        resource,
      };
      expect(await post(cell, '/oauth/par', pushed, shop)).toMatchObject(refused);
    },
  );

  it('what a client may not ask for any more it does not get by what it was granted', async () => {
    const client = await cell.registerClient({ audiences: [own(), other] });
    const browser = await cell.browserOf('alice');
    const asked = { resource: otherResource };
    const first = await codeFor(client.clientId, browser, asked);
    const given = await post(cell, '/oauth/token', redeem(first), client);
    expect(given.status).toBe(200);
    const again = await codeFor(client.clientId, browser, asked);
    const token = given.body['refresh_token'];
    await setAudiences(client, [own()]);
    expect(await post(cell, '/oauth/token', redeem(again), client)).toMatchObject(refused);
    expect(await post(cell, '/oauth/token', refresh(token), client)).toMatchObject(refused);
    // Nothing was used up by asking.
    await setAudiences(client, [own(), other]);
    expect(await post(cell, '/oauth/token', redeem(again), client)).toMatchObject({ status: 200 });
    expect(await post(cell, '/oauth/token', refresh(token), client)).toMatchObject({ status: 200 });
  });

  it('an exchange that names two is refused, and one that names the same twice is not', async () => {
    const credentials = { grant_type: 'client_credentials', scope: 'orders:read' };
    const { body } = await post(cell, '/oauth/token', credentials, shop);
    const fields = {
      grant_type: exchange,
      subject_token: String(body['access_token']),
      subject_token_type: accessTokenType,
      resource: otherResource,
    };
    const two = { ...fields, audience: cell.audience };
    expect(await post(cell, '/oauth/token', two, shop)).toMatchObject(refused);
    const one = { ...fields, audience: 'other' };
    expect(await post(cell, '/oauth/token', one, shop)).toMatchObject({ status: 200 });
  });
});

async function setAudiences(
  { clientId }: RegisteredClient,
  audiences: readonly { readonly id: string; readonly offline: boolean }[],
): Promise<void> {
  const { client } = await cell.world.call(Clients.getClient, { clientId }, cell.tenant.admin);
  if (client?.settings === undefined) throw new Error('no such client');
  const settings = { ...client.settings, audiences: [...audiences] };
  await cell.world.call(Clients.changeClient, { clientId, settings }, cell.tenant.admin);
}

it('a client whose service account is suspended gets no token for it, until it is resumed', async () => {
  const client = await cell.registerClient();
  const { principalId } = client;
  const credentials = { grant_type: 'client_credentials', scope: 'orders:read' };
  await cell.world.call(Principals.suspendPrincipal, { principalId }, cell.tenant.admin);
  expect(await post(cell, '/oauth/token', credentials, client)).toMatchObject({
    status: 400,
    body: { error: 'unauthorized_client' },
  });
  await cell.world.call(Principals.resumePrincipal, { principalId }, cell.tenant.admin);
  expect(await post(cell, '/oauth/token', credentials, client)).toMatchObject({ status: 200 });
});

it('an assertion may end within a second, and counts once', async () => {
  const { clientId, privateKey } = await signingClient(cell);
  const claims = assertionClaims(cell, clientId);
  const exp = claims.exp + 0.123_456_7;
  const jti = randomBytes(16).toString('hex');
  const fields = byAssertion(signAssertion({ ...claims, exp, jti }, privateKey));
  expect(await post(cell, '/oauth/token', fields)).toMatchObject({ status: 200 });
  expect(await post(cell, '/oauth/token', fields)).toMatchObject({
    status: 401,
    body: { error: 'invalid_client' },
  });
});

it('an address of an app of its own scheme opens nothing to frames without an origin', async () => {
  const native = {
    redirectUris: ['com.example.app:/callback'],
    authMethod: 'none',
    grantTypes: ['authorization_code', 'refresh_token'],
  };
  const { clientId } = await cell.registerClient(native, ClientKind.CLIENT_KIND_NATIVE);
  const fields = new URLSearchParams({
    client_id: clientId,
    grant_type: 'refresh_token',
    refresh_token: 'x',
  });
  for (const path of ['/oauth/token', '/oauth/revoke', '/oauth/par']) {
    const answer = await postForm(`${cell.issuer}${path}`, fields.toString(), { origin: 'null' });
    expect(answer.status).toBe(400);
    expect([path, answer.headers.get('access-control-allow-origin')]).toEqual([path, null]);
  }
});
