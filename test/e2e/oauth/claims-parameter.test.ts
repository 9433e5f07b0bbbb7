import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  LoginNameKind,
  PrincipalServiceService as Principals,
} from '#proto/ledgate/identity/v1/principal.js';
import type { Browser } from '../../support/oauth/browser.js';
import {
  startOauthCell,
  type OauthCell,
  type RegisteredClient,
} from '../../support/oauth/oauth-cell.js';
import { codeFor, post, redeem, refresh } from '../security/raw-oauth.js';

let cell: OauthCell;
let shop: RegisteredClient;
let browser: Browser;

beforeAll(async () => {
  cell = await startOauthCell('claims');
  shop = await cell.registerClient();
  browser = await cell.browserOf('alice');
  const profile = { displayName: 'Alice A.', locale: 'de' };
  const { alice: principalId } = cell.users;
  const { admin } = cell.tenant;
  await cell.world.call(Principals.updateProfile, { principalId, profile }, admin);
  const name = { kind: LoginNameKind.LOGIN_NAME_KIND_EMAIL, value: 'alice@example.org' };
  await cell.world.call(Principals.addLoginName, { principalId, ...name }, admin);
});
afterAll(() => cell.stop());

type Claims = Readonly<Record<string, unknown>>;

/** What the client comes to know by a request with this parameter. */
async function told(scope: string, claims: object | undefined) {
  const more = { scope, nonce: 'n', claims: claims && JSON.stringify(claims) };
  const code = await codeFor(shop.clientId, browser, more);
  const { body } = await post(cell, '/oauth/token', redeem(code), shop);
  const answer = await fetch(`${cell.issuer}/oauth/userinfo`, {
    headers: { authorization: `Bearer ${String(body['access_token'])}` },
  });
  const idToken: Claims = decodeJwt(String(body['id_token']));
  return { idToken, userinfo: (await answer.json()) as Claims, body };
}

describe('the parameter claims (OpenID Connect Core, 5.5)', () => {
  const asked = {
    userinfo: { name: null },
    id_token: { name: { essential: true }, auth_time: null },
  };

  it('is told what the granted scopes hold, at both places', async () => {
    const { idToken, userinfo } = await told('openid profile', asked);
    expect(idToken['name']).toBe('Alice A.');
    expect(idToken['auth_time']).toEqual(expect.any(Number));
    expect(userinfo).toMatchObject({ sub: cell.users.alice, name: 'Alice A.' });
  });

  it('gives nothing that no scope was granted for', async () => {
    const all = ['name', 'locale', 'email', 'email_verified', 'preferred_username'];
    const every = Object.fromEntries(all.map((name) => [name, { essential: true }]));
    const { idToken, userinfo } = await told('openid', { userinfo: every, id_token: every });
    expect(Object.keys({ ...idToken, ...userinfo }).filter((name) => all.includes(name))).toEqual(
      [],
    );
    expect(userinfo).toEqual({ sub: cell.users.alice });
  });

  it('gives nothing of one scope for another', async () => {
    const email = { userinfo: { email: null }, id_token: { email: null } };
    const { idToken, userinfo } = await told('openid profile', email);
    expect([idToken['email'], userinfo['email']]).toEqual([undefined, undefined]);
    expect(userinfo['name']).toBe('Alice A.');
    expect((await told('openid email', email)).userinfo['email']).toBe('alice@example.org');
  });

  it('goes on at a refresh', async () => {
    const { body } = await told('openid profile offline_access', asked);
    const again = await post(cell, '/oauth/token', refresh(body['refresh_token']), shop);
    const idToken: Claims = decodeJwt(String(again.body['id_token']));
    expect(idToken).toMatchObject({ name: 'Alice A.', auth_time: expect.any(Number) as number });
  });

  it.each([
    ['no JSON', 'x'],
    ['no object', '[]'],
    ['a member that is none', '{"userinfo":"name"}'],
    ['a claim that is neither null nor an object', '{"id_token":{"name":1}}'],
  ])('is refused: %s', async (_, claims) => {
    const request = codeFor(shop.clientId, browser, { scope: 'openid', claims });
    await expect(request).rejects.toThrow('invalid_request');
  });

  it('asks for somebody: nobody else is given', async () => {
    const other = { id_token: { sub: { value: cell.users.bob } } };
    const request = codeFor(shop.clientId, browser, {
      scope: 'openid',
      prompt: 'none',
      claims: JSON.stringify(other),
    });
    await expect(request).rejects.toThrow('login_required');
    const own = { id_token: { sub: { value: cell.users.alice } } };
    expect((await told('openid', own)).idToken['sub']).toBe(cell.users.alice);
  });
});
