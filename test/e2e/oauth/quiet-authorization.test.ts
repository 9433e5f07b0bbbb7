import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ClientKind,
  ClientServiceService as Clients,
  ConsentServiceService as Consents,
} from '#proto/ledgate/identity/v1/client.js';
import { LoginServiceService } from '#proto/ledgate/identity/v1/login.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { SessionServiceService as Sessions } from '#proto/ledgate/identity/v1/session.js';
import { setUpTenant, setUpUser } from '../../support/identity/tenant-setup.js';
import {
  callback,
  startOauthCell,
  userPassword,
  type OauthCell,
  type RegisteredClient,
} from '../../support/oauth/oauth-cell.js';
import { challenge, post, redeem } from '../security/raw-oauth.js';

const NATIVE = ClientKind.CLIENT_KIND_NATIVE;
const publicApp = { authMethod: 'none', grantTypes: ['authorization_code', 'refresh_token'] };

let cell: OauthCell;
let shop: RegisteredClient;
/** Of another organisation: whoever is asked has not said yes. */
let guest: RegisteredClient;
let parOnly: RegisteredClient;
let noCodes: RegisteredClient;
let alice: string;
let stranger: string;

beforeAll(async () => {
  cell = await startOauthCell('quiet');
  shop = await cell.registerClient();
  guest = await cell.registerClient({ firstParty: false });
  parOnly = await cell.registerClient({ parRequired: true });
  noCodes = await cell.registerClient({ grantTypes: ['client_credentials'], redirectUris: [] });
  alice = (await cell.browserOf('alice')).cookie('ledgate') ?? '';
  const other = await setUpTenant(cell.world, 'elsewhere');
  await setUpUser(cell.world, other.admin, 'eve', userPassword);
  const { step } = await cell.world.call(LoginServiceService.startLogin, {
    tenant: 'elsewhere',
    loginName: 'eve',
    password: userPassword,
    deviceLabel: 'a browser',
  });
  stranger = step?.done?.sessionToken ?? '';
});
afterAll(() => cell.stop());

type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

const plain = (): Query => ({
  client_id: shop.clientId,
  redirect_uri: callback,
  response_type: 'code',
  scope: 'openid orders:read',
  code_challenge: challenge,
  code_challenge_method: 'S256',
  state: 'a state & more',
  nonce: 'n',
});

async function ask(query: Query, session: string, init: RequestInit = {}) {
  const given = Object.entries(query).flatMap(([name, values = []]) =>
    [values].flat().map((value) => [name, value] as [string, string]),
  );
  const headers = session === '' ? {} : { cookie: `ledgate=${session}` };
  return askAs(new URLSearchParams(given).toString(), { headers, ...init });
}

const askAs = (query: string, init: RequestInit) =>
  fetch(`${cell.issuer}/oauth/authorize?${query}`, { redirect: 'manual', ...init });

/** The engine passes over a parameter that it does not know; it is always the one that answers. */
const byEngine = (query: Query): Query => ({ ...query, unknown_to_all: '1' });

/** All of an answer that does not differ from one time to the next. */
async function seen(answer: Response) {
  const { status, headers } = answer;
  const text = headers.get('location') ?? '/';
  const to = new URL(text, cell.issuer);
  const code = to.searchParams.get('code');
  if (code !== null) to.searchParams.set('code', 'a code');
  if (to.pathname.startsWith('/interaction/')) to.pathname = '/interaction/one';
  const cookies = headers.getSetCookie().map((cookie) => cookie.split(/[=_]/u, 3).slice(0, 2));
  const others = Object.fromEntries(
    [...headers].filter(([name]) => !differing.includes(name) && !name.startsWith('set-cookie')),
  );
  await answer.body?.cancel();
  return { status, to: to.href, isCode: code !== null, cookies, others };
}
/** Nobody reads the body of a redirect. */
const differing = ['content-length', 'content-type', 'transfer-encoding', 'date', 'location'];

describe('an authorization in which nobody has to be asked', () => {
  it('is answered as the engine answers it, without the engine', async () => {
    const [quiet, engine] = [await ask(plain(), alice), await ask(byEngine(plain()), alice)];
    expect(quiet.headers.get('content-length')).toBe('0');
    expect(engine.headers.get('content-length')).not.toBe('0');
    const [first, second] = [await seen(quiet), await seen(engine)];
    expect(first).toEqual(second);
    const iss = encodeURIComponent(cell.issuer);
    const to = `${callback}?code=a+code&state=a+state+%26+more&iss=${iss}`;
    expect(first).toMatchObject({ status: 303, isCode: true, to, cookies: [] });
    expect(first.others).toMatchObject({ 'cache-control': 'no-store' });
  });

  it('gives a code that is worth the same', async () => {
    const tokensOf = async (query: Query) => {
      const to = new URL((await ask(query, alice)).headers.get('location') ?? '');
      const { status, body } = await post(
        cell,
        '/oauth/token',
        redeem(to.searchParams.get('code') ?? ''),
        shop,
      );
      return { status, scope: body['scope'], claims: claimsOf(body) };
    };
    const scopes = ['openid', 'orders:read openid email profile', 'openid orders:read openid'];
    for (const scope of scopes) {
      const query = { ...plain(), scope };
      const quiet = await tokensOf(query);
      expect(quiet).toMatchObject({
        status: 200,
        claims: [{ nonce: 'n' }, { scope: quiet.scope }],
      });
      expect(quiet).toEqual(await tokensOf(byEngine(query)));
    }
  });

  const unusual: Readonly<Record<string, () => Query>> = {
    'a client that nobody knows': () => ({ client_id: 'nobody' }),
    'no client': () => ({ client_id: undefined }),
    'a client for pushed requests': () => ({ client_id: parOnly.clientId }),
    'a client without this grant': () => ({ client_id: noCodes.clientId }),
    'a client without consent': () => ({ client_id: guest.clientId }),
    'another address': () => ({ redirect_uri: `${callback}/` }),
    'no address': () => ({ redirect_uri: undefined }),
    'an address twice': () => ({ redirect_uri: [callback, callback] }),
    'another response type': () => ({ response_type: 'code id_token' }),
    'no response type': () => ({ response_type: undefined }),
    'a response mode': () => ({ response_mode: 'form_post' }),
    'a wrong response mode': () => ({ response_mode: 'sideways' }),
    'no challenge': () => ({ code_challenge: undefined, code_challenge_method: undefined }),
    'a challenge without its method': () => ({ code_challenge_method: undefined }),
    'the method plain': () => ({ code_challenge_method: 'plain' }),
    'a short challenge': () => ({ code_challenge: 'short' }),
    'a longer challenge': () => ({ code_challenge: `${challenge}x` }),
    'an empty challenge': () => ({ code_challenge: '' }),
    'no scope': () => ({ scope: undefined }),
    'no scope of OpenID': () => ({ scope: 'orders:read' }),
    'no scope of OpenID and no nonce': () => ({ scope: 'orders:read', nonce: undefined }),
    'an unknown scope': () => ({ scope: 'openid orders:burn' }),
    'two spaces': () => ({ scope: 'openid  orders:read' }),
    'offline access': () => ({ scope: 'openid offline_access' }),
    'a state twice': () => ({ state: ['one', 'two'] }),
    'an empty state': () => ({ state: '' }),
    'prompt none': () => ({ prompt: 'none' }),
    'prompt login': () => ({ prompt: 'login' }),
    'prompt consent': () => ({ prompt: 'consent' }),
    'an age of nothing': () => ({ max_age: '0' }),
    'no age': () => ({ max_age: 'old' }),
    'a strength that is not there': () => ({ acr_values: 'urn:ledgate:acr:2' }),
    'single claims': () => ({ claims: JSON.stringify({ id_token: { email: null } }) }),
    'claims that are none': () => ({ claims: 'none' }),
    'an object of the request': () => ({ request: 'e30.e30.' }),
    'a reference to it': () => ({ request_uri: 'urn:ietf:params:oauth:request_uri:none' }),
    'a hint that is no token': () => ({ id_token_hint: 'none' }),
    'a hint at a name': () => ({ login_hint: 'bob' }),
    'a key': () => ({ dpop_jkt: challenge }),
    'a resource': () => ({ resource: cell.audience }),
    'a resource of others': () => ({ resource: 'https://other.example' }),
    'a registration': () => ({ registration: '{}' }),
  };
  it.each(Object.keys(unusual))('leaves to the engine: %s', async (name) => {
    for (const session of [alice, stranger]) {
      const query = { ...plain(), ...unusual[name]?.() };
      const answer = await ask(query, session);
      expect(answer.headers.get('content-length')).not.toBe('0');
      expect(await seen(answer)).toEqual(await seen(await ask(byEngine(query), session)));
    }
  });

  it('asks whoever is not logged in, not live any more, or of another tenant', async () => {
    const bob = await cell.browserOf('bob');
    const gone = bob.cookie('ledgate') ?? '';
    await cell.world.call(Sessions.endSession, {}, gone);
    for (const session of ['', 'nonsense', gone, stranger]) {
      const answer = await seen(await ask(plain(), session));
      expect(answer).toMatchObject({ status: 303, isCode: false });
      expect(answer.to).toBe(`${cell.issuer}/interaction/one`);
    }
  });

  it('asks again as soon as a consent is withdrawn, or has ended', async () => {
    for (const until of [0, Date.now() + 1_500]) {
      const { clientId } = await cell.registerClient({ firstParty: false });
      const query = { ...plain(), client_id: clientId };
      const isQuiet = async () => (await seen(await ask(query, alice))).isCode;
      const consent = { clientId, scopes: ['openid', 'orders:read'], expiresAtMs: BigInt(until) };
      expect(await isQuiet()).toBe(false);
      await cell.world.call(Consents.giveConsent, consent, alice);
      expect(await isQuiet()).toBe(true);
      if (until > 0) await sleep(until - Date.now() + 10);
      else await cell.world.call(Consents.withdrawConsent, { clientId }, alice);
      expect(await isQuiet()).toBe(false);
    }
  });

  it('is over as soon as the client or the person is suspended', async () => {
    const { clientId } = await cell.registerClient();
    const query = { ...plain(), client_id: clientId };
    const session = (await cell.browserOf('bob')).cookie('ledgate') ?? '';
    const answered = async () => seen(await ask(query, session));
    const { admin } = cell.tenant;
    expect(await answered()).toMatchObject({ isCode: true });
    await cell.world.call(Clients.suspendClient, { clientId }, admin);
    expect(await answered()).toMatchObject({ status: 400, isCode: false });
    await cell.world.call(Clients.resumeClient, { clientId }, admin);
    expect(await answered()).toMatchObject({ isCode: true });
    const { bob: principalId } = cell.users;
    await cell.world.call(Principals.suspendPrincipal, { principalId }, admin);
    expect(await answered()).toMatchObject({ status: 303, isCode: false });
  });

  it('asks who somebody is where a consent was given again after the login', async () => {
    const { clientId } = await cell.registerClient({ firstParty: false });
    const query = { ...plain(), client_id: clientId };
    const consent = { clientId, scopes: ['openid', 'orders:read'] };
    const again = (await cell.browserOf('alice')).cookie('ledgate') ?? '';
    await cell.world.call(Consents.giveConsent, consent, again);
    expect(await seen(await ask(query, again))).toMatchObject({ isCode: true });
    await cell.world.call(Consents.withdrawConsent, { clientId }, again);
    await cell.world.call(Consents.giveConsent, consent, again);
    const answer = await seen(await ask(query, again));
    expect(answer).toMatchObject({ status: 303, isCode: false });
    expect(answer).toEqual(await seen(await ask(byEngine(query), again)));
  });

  it('goes where the engine goes, whatever the address and the state are', async () => {
    const app = 'com.example.app:/back';
    const addresses = [
      `${callback}?code=old&state=old&iss=old&a=b%20c&b&=d`,
      'https://shop.example//a//b;c=%2F?x=%00',
      app,
    ];
    const clients = [
      await cell.registerClient({ redirectUris: addresses.slice(0, 2) }),
      await cell.registerClient({ redirectUris: addresses.slice(1), ...publicApp }, NATIVE),
      await cell.registerClient({ redirectUris: addresses.slice(0, 2), dpopRequired: true }),
    ];
    const states = [
      'a\r\nset-cookie: x=y',
      '\0',
      '+ %2B',
      '<">#?&=;',
      'é😀\u2028',
      'x'.repeat(9_000),
    ];
    const all = clients.flatMap((client) => addresses.map((address) => [client, address] as const));
    let codes = 0;
    for (const [at, [client, address]] of all.entries()) {
      const state = states[at % states.length];
      const query = { ...plain(), client_id: client.clientId, redirect_uri: address, state };
      const [quiet, engine] = [await ask(query, alice), await ask(byEngine(query), alice)];
      const first = await seen(quiet);
      expect(first).toEqual(await seen(engine));
      if (!first.isCode) continue;
      codes += 1;
      expect(new URL(first.to).searchParams.getAll('state')).toEqual([state]);
    }
    expect(codes).toBe(6);
  });

  it('is what the engine makes of a query that is written otherwise', async () => {
    const usual = new URLSearchParams(plain() as Record<string, string>).toString();
    const at = encodeURIComponent(callback);
    const otherwise = [
      `?${usual}`,
      `&&${usual}&`,
      `${usual}&scope`,
      `${usual}&=x`,
      `${usual}&state=two`,
      `${usual}&state[]=two`,
      `${usual}&__proto__=x`,
      `${usual}&CLIENT_ID=x`,
      usual.replace('state=a', 'state=%E0%A4%A'),
      usual.replace('state=a', 'state=%ff'),
      usual.replace('openid+orders', 'openid%09orders'),
      usual.replace('openid+orders', '+openid+orders'),
      usual.replace('client_id=', 'client%5Fid='),
      usual.replace('client_id=', 'client_id=%00'),
      ...[
        'HTTP://127.0.0.1:9/callback',
        'http://127.0.0.1:9//callback',
        'http://127.0.0.1:9/callback?',
        'http://127.0.0.1:9/callback#a',
        'http://x@127.0.0.1:9/callback',
        'http://127.0.0.1:9/./callback',
        'http://127.0.0.1:9/call%62ack',
        'http://127.0.0.1:09/callback',
        'http:\\\\127.0.0.1:9\\callback',
        ` ${callback}`,
        `${callback}\0`,
        `${callback}\n`,
      ].map((uri) => usual.replace(at, encodeURIComponent(uri))),
    ];
    for (const query of otherwise) {
      for (const session of [alice, stranger]) {
        const init = { headers: { cookie: `ledgate=${session}` } };
        const answer = await seen(await askAs(query, init));
        const engine = await seen(await askAs(`${query}&unknown_to_all=1`, init));
        expect(answer).toEqual(engine);
      }
    }
  });

  it('takes the first of two sessions, as everything else does', async () => {
    const query = new URLSearchParams(plain() as Record<string, string>).toString();
    for (const [first, second] of [
      [alice, stranger],
      [stranger, alice],
      ['', alice],
    ]) {
      const init = { headers: { cookie: `ledgate=${first}; ledgate=${second}` } };
      const answer = await seen(await askAs(query, init));
      expect(answer.isCode).toBe(first === alice);
      expect(answer).toEqual(await seen(await askAs(`${query}&unknown_to_all=1`, init)));
    }
  });

  it('is no answer to another method', async () => {
    const head = await ask(plain(), alice, { method: 'HEAD' });
    expect(head.headers.get('content-length')).not.toBe('0');
  });
});

/** Of the ID token and of the access token. */
function claimsOf(body: Readonly<Record<string, unknown>>): readonly object[] {
  return ['id_token', 'access_token'].map((name) => {
    const [, payload = ''] = String(body[name]).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<
      string,
      unknown
    >;
    const { iat: _, exp: __, jti: ___, lg: ____, ...rest } = claims;
    return rest;
  });
}
