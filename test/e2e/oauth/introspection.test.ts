import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '#libs/runtime/clock.js';
import {
  ClientKind,
  ClientServiceService as Clients,
  ClientSettings,
} from '#proto/ledgate/identity/v1/client.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { setUpTenant } from '../../support/identity/tenant-setup.js';
import type { Browser } from '../../support/oauth/browser.js';
import {
  startOauthCell,
  userPassword,
  type OauthCell,
  type RegisteredClient,
} from '../../support/oauth/oauth-cell.js';
import { codeFor, post, redeem, refresh, type Answer } from '../security/raw-oauth.js';
import { claimsIn } from './flows.js';

let cell: OauthCell;
let shop: RegisteredClient;
let other: RegisteredClient;
/** Of another tenant. */
let rival: RegisteredClient;
let native: RegisteredClient;
let alice: Browser;
/** So far the clock of the cell is ahead of ours. */
let aheadMs = 0;

beforeAll(async () => {
  const clock = { ...systemClock, wallMs: () => systemClock.wallMs() + aheadMs };
  cell = await startOauthCell('introspection', {}, { clock });
  shop = await cell.registerClient();
  other = await cell.registerClient({ name: 'Other' });
  const grantTypes = ['authorization_code', 'refresh_token'];
  const settings = { authMethod: 'none', grantTypes };
  native = await cell.registerClient(settings, ClientKind.CLIENT_KIND_NATIVE);
  const { admin } = await setUpTenant(cell.world, 'rival');
  const registered = await cell.world.call(
    Clients.registerClient,
    {
      kind: ClientKind.CLIENT_KIND_SERVICE,
      settings: ClientSettings.fromPartial({
        name: 'Rival',
        grantTypes: ['client_credentials'],
        scopes: ['orders:read'],
        authMethod: 'client_secret_basic',
        audiences: [{ id: cell.audience, offline: false }],
      }),
    },
    admin,
  );
  rival = { ...registered, secret: registered.clientSecret };
  alice = await cell.browserOf('alice');
});
afterAll(() => cell.stop());

const inactive = { status: 200, body: { active: false } };

function ask(token: unknown, by: RegisteredClient = shop, hint?: string): Promise<Answer> {
  return post(cell, '/oauth/introspect', { token: String(token), token_type_hint: hint }, by);
}

function revoke(token: unknown, by: RegisteredClient = shop, hint?: string): Promise<Answer> {
  return post(cell, '/oauth/revoke', { token: String(token), token_type_hint: hint }, by);
}

/** Of a public client: it only says who it is. */
function askAs(clientId: string, path: string, token: unknown): Promise<Answer> {
  return post(cell, path, { client_id: clientId, token: String(token) });
}

async function tokensOf(client: RegisteredClient): Promise<Answer['body']> {
  const code = await codeFor(client.clientId, alice);
  const isPublic = client.secret === '';
  const fields = redeem(code, isPublic ? { client_id: client.clientId } : {});
  const { status, body } = await post(cell, '/oauth/token', fields, isPublic ? undefined : client);
  expect([status, body['error']]).toEqual([200, undefined]);
  return body;
}

const hints = [
  undefined,
  'access_token',
  'refresh_token',
  'urn:ietf:params:oauth:token-type:access_token',
  'something',
];

describe('introspection says', () => {
  test.each(hints)('everything of an access token (hint: %s)', async (hint) => {
    const { access_token: token } = await tokensOf(shop);
    const { lg: _, ...claims } = claimsIn(String(token));
    const { status, body } = await ask(token, shop, hint);
    expect([status, body]).toEqual([200, { ...claims, active: true, token_type: 'Bearer' }]);
    expect(body).toMatchObject({
      sub: cell.users.alice,
      client_id: shop.clientId,
      tenant: cell.tenant.tenantId,
      iss: cell.issuer,
      aud: cell.audience,
      scope: 'openid orders:read',
      amr: ['pwd'],
      acr: 'urn:ledgate:acr:1',
    });
  });

  test.each(hints)('what a refresh token is good for (hint: %s)', async (hint) => {
    const { refresh_token: token, access_token: access } = await tokensOf(shop);
    const nowS = Math.floor(Date.now() / 1000);
    const { status, body } = await ask(token, shop, hint);
    expect([status, body]).toEqual([
      200,
      {
        active: true,
        sub: cell.users.alice,
        client_id: shop.clientId,
        iss: cell.issuer,
        scope: 'openid orders:read',
        sid: claimsIn(String(access))['sid'],
        exp: expect.any(Number),
        iat: expect.any(Number),
      },
    ]);
    expect(Math.abs(Number(body['iat']) - nowS)).toBeLessThan(30);
    expect(Number(body['exp'])).toBeGreaterThan(nowS);
  });

  test('of a client of its own, and of a login without any client, whose they are', async () => {
    const grant = { grant_type: 'client_credentials', scope: 'orders:read' };
    const { body } = await post(cell, '/oauth/token', grant, shop);
    expect((await ask(body['access_token'])).body).toMatchObject({
      active: true,
      sub: shop.principalId,
      client_id: shop.clientId,
      amr: ['client_secret'],
    });
    const login = { tenant: cell.slug, loginName: 'alice', password: userPassword };
    const { accessToken } = await cell.world.call(Tokens.login, login);
    const found = await ask(accessToken);
    expect(found.body).toMatchObject({ active: true, sub: cell.users.alice, token_type: 'Bearer' });
    expect(found.body).not.toHaveProperty('client_id');
    expect(await ask(accessToken, rival)).toEqual(inactive);
  });

  test('who acts for whom, of a token that was exchanged', async () => {
    const { access_token } = await tokensOf(shop);
    const fields = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: String(access_token),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    };
    const { body } = await post(cell, '/oauth/token', fields, shop);
    expect((await ask(body['access_token'])).body).toMatchObject({
      sub: cell.users.alice,
      act: { sub: shop.principalId },
    });
  });
});

describe('introspection says nothing', () => {
  test('to a client of another tenant, and to a public one of the same', async () => {
    const { access_token, refresh_token } = await tokensOf(shop);
    for (const token of [access_token, refresh_token]) {
      expect(await ask(token, rival)).toEqual(inactive);
      expect(await askAs(native.clientId, '/oauth/introspect', token)).toEqual(inactive);
      expect((await ask(token, other)).body).toMatchObject({ active: true });
    }
    const own = await tokensOf(native);
    for (const token of [own['access_token'], own['refresh_token']]) {
      const { body } = await askAs(native.clientId, '/oauth/introspect', token);
      expect(body).toMatchObject({ active: true, client_id: native.clientId });
    }
  });

  test.each([
    ['a word', 'x'],
    ['a JWT of somebody else', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.x'],
    ['no refresh token', `lgr_${'A'.repeat(88)}_AAAAAA`],
    ['no session', 'lgs_x'],
    ['a long text', 'x'.repeat(40_000)],
    ['nothing that is visible', '\u0000\u{1f600}'],
  ])('of %s', async (_what, token) => {
    for (const hint of ['access_token', 'refresh_token', undefined]) {
      expect(await ask(token, shop, hint)).toEqual(inactive);
    }
    expect(await revoke(token)).toEqual({ status: 200, body: {} });
  });

  test('of a token that was changed, of a session, of an id token', async () => {
    const { access_token, refresh_token, id_token } = await tokensOf(shop);
    const session = alice.cookie('ledgate') ?? '';
    const changed = String(access_token).replace(/^(.{60})./u, '$1_');
    const cut = String(refresh_token).slice(0, -1);
    for (const token of [changed, cut, session, id_token]) {
      expect(await ask(token)).toEqual(inactive);
    }
  });

  test('of a token that has expired', async () => {
    const brief = await cell.registerClient({ accessTokenTtlMs: 60_000n });
    const grant = { grant_type: 'client_credentials', scope: 'orders:read' };
    const { body } = await post(cell, '/oauth/token', grant, brief);
    const { access_token: token } = body;
    expect((await ask(token)).body).toMatchObject({ active: true });
    aheadMs = 61_000;
    try {
      expect(await ask(token)).toEqual(inactive);
      expect(await revoke(token, brief)).toMatchObject({ status: 200 });
    } finally {
      aheadMs = 0;
    }
  });

  test('of a refresh token that was used', async () => {
    const { refresh_token: first } = await tokensOf(shop);
    const { body } = await post(cell, '/oauth/token', refresh(first), shop);
    expect(await ask(first)).toEqual(inactive);
    expect((await ask(body['refresh_token'])).body).toMatchObject({ active: true });
  });

  test('of whoever was suspended, nor of a client that is', async () => {
    const brief = await cell.registerClient({ name: 'Brief' });
    const tokens = await tokensOf(brief);
    const { clientId } = brief;
    await cell.world.call(Clients.suspendClient, { clientId }, cell.tenant.admin);
    for (const token of [tokens['access_token'], tokens['refresh_token']]) {
      expect(await ask(token)).toEqual(inactive);
    }
    expect(await ask('x', brief)).toMatchObject({ status: 401 });
    const principalId = cell.users.bob;
    const bob = await cell.browserOf('bob');
    const code = await codeFor(shop.clientId, bob);
    const { body } = await post(cell, '/oauth/token', redeem(code), shop);
    expect((await ask(body['access_token'])).body).toMatchObject({ active: true });
    await cell.world.call(Principals.suspendPrincipal, { principalId }, cell.tenant.admin);
    for (const token of [body['access_token'], body['refresh_token']]) {
      expect(await ask(token)).toEqual(inactive);
    }
  });
});

describe('revocation', () => {
  test.each(hints)('ends an access token, and nothing else (hint: %s)', async (hint) => {
    const { access_token, refresh_token } = await tokensOf(shop);
    expect(await revoke(access_token, shop, hint)).toEqual({ status: 200, body: {} });
    expect(await ask(access_token)).toEqual(inactive);
    expect((await ask(refresh_token)).body).toMatchObject({ active: true });
    expect(await revoke(access_token, shop, hint)).toMatchObject({ status: 200 });
  });

  test.each(hints)('of a refresh token ends its family (hint: %s)', async (hint) => {
    const { access_token, refresh_token } = await tokensOf(shop);
    expect(await revoke(refresh_token, shop, hint)).toEqual({ status: 200, body: {} });
    for (const token of [access_token, refresh_token]) expect(await ask(token)).toEqual(inactive);
    const answer = await post(cell, '/oauth/token', refresh(refresh_token), shop);
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  test('by another client, or by one of another tenant, ends nothing', async () => {
    const { access_token, refresh_token } = await tokensOf(shop);
    for (const token of [access_token, refresh_token]) {
      for (const by of [other, rival])
        expect(await revoke(token, by)).toMatchObject({ status: 200 });
      expect(await askAs(native.clientId, '/oauth/revoke', token)).toMatchObject({ status: 200 });
      expect((await ask(token)).body).toMatchObject({ active: true });
    }
  });

  test('is open to a public client for what is its own', async () => {
    const { access_token, refresh_token } = await tokensOf(native);
    expect(await askAs(native.clientId, '/oauth/revoke', refresh_token)).toMatchObject({
      status: 200,
    });
    for (const token of [access_token, refresh_token]) expect(await ask(token)).toEqual(inactive);
  });

  test('without a token, or without a client, is refused', async () => {
    for (const path of ['/oauth/revoke', '/oauth/introspect']) {
      expect(await post(cell, path, {}, shop)).toMatchObject({ status: 400 });
      expect(await post(cell, path, { token: 'x' })).toMatchObject({ status: 400 });
      const wrong = { ...shop, secret: `${shop.secret}x` };
      expect(await post(cell, path, { token: 'x' }, wrong)).toMatchObject({ status: 401 });
    }
  });
});
