import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClientKind } from '#proto/ledgate/identity/v1/client.js';
import { LoginServiceService } from '#proto/ledgate/identity/v1/login.js';
import { TokenServiceService } from '#proto/ledgate/identity/v1/token.js';
import { setUpTenant, setUpUser } from '../../support/identity/tenant-setup.js';
import { Browser } from '../../support/oauth/browser.js';
import {
  callback,
  everyGrant,
  startOauthCell,
  userPassword,
  type OauthCell,
  type RegisteredClient,
} from '../../support/oauth/oauth-cell.js';
import { challenge, codeFor, post, redeem } from './raw-oauth.js';

let cell: OauthCell;
let shop: RegisteredClient;
/** Logged in to another tenant of the cell. */
let stranger: Browser;

beforeAll(async () => {
  cell = await startOauthCell('attacks', { guessesPerAccount: { burst: 20, perMinute: 6 } });
  shop = await cell.registerClient();
  const rival = await setUpTenant(cell.world, 'rival');
  await setUpUser(cell.world, rival.admin, 'mallory', userPassword);
  const { step } = await cell.world.call(LoginServiceService.startLogin, {
    tenant: 'rival',
    loginName: 'mallory',
    password: userPassword,
  });
  stranger = new Browser(cell.issuer);
  stranger.setCookie('ledgate', step?.done?.sessionToken ?? '');
});
afterAll(() => cell.stop());

const request = (clientId: string, more: Readonly<Record<string, string>> = {}): string => {
  const query = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    scope: 'openid orders:read',
    redirect_uri: callback,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...more,
  });
  return `/oauth/authorize?${query.toString()}`;
};

describe('a session of another tenant', () => {
  it('is none at a client: whoever has it logs in', async () => {
    const page = await stranger.clone().open(request(shop.clientId));
    expect(page instanceof URL ? page.href : page.html).toContain('name="login_name"');
    const silent = await stranger.clone().open(request(shop.clientId, { prompt: 'none' }));
    expect(silent instanceof URL && silent.searchParams.get('error')).toBe('login_required');
  });

  it('approves no device of this tenant', async () => {
    const { body } = await post(cell, '/oauth/device', { scope: 'openid' }, shop);
    const browser = stranger.clone();
    const form = await browser.open(String(body['verification_uri']));
    const asked = await browser.submit(form, { user_code: String(body['user_code']) });
    const answer = await browser.submit(asked, { confirm: 'yes' });
    expect(answer instanceof URL ? answer.href : answer.html).toContain('name="login_name"');
    const poll = { grant_type: everyGrant[3], device_code: String(body['device_code']) };
    const { body: polled } = await post(cell, '/oauth/token', poll, shop);
    expect(polled['error']).toBe('authorization_pending');
  });
});

describe('a login that was finished', () => {
  it('is worth what its session is worth: replayed after a logout it is nothing', async () => {
    const browser = new Browser(cell.issuer);
    const login = await browser.open(request(shop.clientId));
    if (login instanceof URL) throw new Error(login.href);
    const before = browser.clone();
    const fields = { login_name: 'alice', password: userPassword };
    const form = new URLSearchParams({ ...fields, csrf: csrfOf(login.html) });
    const answer = await fetch(login.url, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: cookiesOf(before), origin: cell.issuer },
      body: form,
    });
    const resume = answer.headers.get('location') ?? '';
    expect(resume).toMatch(/^\/oauth\/authorize\//u);
    // All but the session itself is kept by the thief.
    for (const text of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/u.exec(text) ?? [];
      if (name !== 'ledgate') before.setCookie(name, value);
    }
    const replayed = await before.open(resume);
    expect(replayed instanceof URL ? replayed.href : replayed.html).toContain('name="login_name"');
  });

  const csrfOf = (html: string): string => /name="csrf" value="([^"]+)"/u.exec(html)?.[1] ?? '';
  const cookiesOf = (browser: Browser): string =>
    browser.cookieNames.map((name) => `${name}=${browser.cookie(name) ?? ''}`).join('; ');
});

describe('a form of the engine', () => {
  it('is refused without its guard, also where the guard was used up', async () => {
    const browser = await cell.browserOf('alice');
    const { body } = await post(cell, '/oauth/device', { scope: 'openid' }, shop);
    const form = await browser.open(String(body['verification_uri']));
    const asked = await browser.submit(form, { user_code: String(body['user_code']) });
    await browser.submit(asked, { confirm: 'yes' });
    for (const path of ['/oauth/logout/confirm', '/oauth/activate']) {
      for (const xsrf of [undefined, '', 'undefined']) {
        const fields = { logout: 'yes', user_code: String(body['user_code']), confirm: 'yes' };
        const all = new URLSearchParams({ ...fields, ...(xsrf === undefined ? {} : { xsrf }) });
        const page = await browser.clone().open(path, all);
        expect([path, xsrf, page instanceof URL ? 0 : page.status]).toEqual([path, xsrf, 400]);
      }
    }
    expect(await browser.open(request(shop.clientId))).toBeInstanceOf(URL);
  });
});

describe('introspection', () => {
  it('of a token that no client was given is an answer, not a failure', async () => {
    const login = { tenant: cell.slug, loginName: 'alice', password: userPassword };
    const { accessToken } = await cell.world.call(TokenServiceService.login, login);
    const { status, body } = await post(cell, '/oauth/introspect', { token: accessToken }, shop);
    expect([status, body['active'], body['sub']]).toEqual([200, true, cell.users.alice]);
  });
});

describe('a client that is bound to a key', () => {
  it('gets no token for everybody by exchanging one', async () => {
    const bound = await cell.registerClient({ dpopRequired: true });
    const audiences = [{ id: bound.clientId, offline: false }];
    const front = await cell.registerClient({ audiences });
    const code = await codeFor(front.clientId, await cell.browserOf('alice'));
    const { body } = await post(cell, '/oauth/token', redeem(code), front);
    const exchange = {
      grant_type: everyGrant[4],
      subject_token: String(body['access_token']),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: cell.audience,
    };
    expect(body).toHaveProperty('access_token');
    const answer = await post(cell, '/oauth/token', exchange, bound);
    expect([answer.status, answer.body['error']]).toEqual([400, 'unauthorized_client']);
  });
});

describe('whoever is not authenticated', () => {
  it('cannot fill the ledger with device codes of a public client', async () => {
    const { clientId } = await cell.registerClient(
      { authMethod: 'none', grantTypes: [everyGrant[3] ?? ''], redirectUris: [] },
      ClientKind.CLIENT_KIND_NATIVE,
    );
    const ask = () => post(cell, '/oauth/device', { client_id: clientId, scope: 'openid' });
    const answers = await Promise.all(Array.from({ length: 60 }, ask));
    const given = answers.filter(({ status }) => status === 200);
    expect(given.length).toBeGreaterThan(0);
    expect(given.length).toBeLessThan(40);
  });
});
