import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SessionServiceService as Sessions } from '#proto/ledgate/identity/v1/session.js';
import { refusal } from '../../support/identity/refusal.js';
import type { Browser } from '../../support/oauth/browser.js';
import {
  callback,
  startOauthCell,
  type OauthCell,
  type RegisteredClient,
} from '../../support/oauth/oauth-cell.js';
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
  spoilt,
  type Answer,
  type Fields,
} from './raw-oauth.js';

const token = '/oauth/token';
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
let cell: OauthCell;
let shop: RegisteredClient;
let other: RegisteredClient;
let alice: Browser;

beforeAll(async () => {
  cell = await startOauthCell('grants');
  shop = await cell.registerClient();
  other = await cell.registerClient({ name: 'Other' });
  alice = await cell.browserOf('alice');
});
afterAll(() => cell.stop());

const ask = (fields: Fields, client: RegisteredClient = shop): Promise<Answer> =>
  post(cell, token, fields, client);
/** Without the header that authenticates a client. */
const askBare = (fields: Fields): Promise<Answer> => post(cell, token, fields);

/** Tokens of a fresh code flow of the shop. */
async function tokens(): Promise<Answer['body']> {
  const answer = await ask(redeem(await codeFor(shop.clientId, alice)));
  expect(answer.status).toBe(200);
  return answer.body;
}

async function isActive(text: unknown): Promise<boolean> {
  const { body } = await post(cell, '/oauth/introspect', { token: String(text) }, shop);
  return body['active'] === true;
}

describe('Zitadel GHSA-xqxv: what one client was given is worth nothing to another', () => {
  it('an authorization code, which goes on for its own', async () => {
    const code = await codeFor(shop.clientId, alice);
    const stolen = [
      ask(redeem(code), other),
      ask(redeem(code, { client_id: shop.clientId }), other),
      askBare(redeem(code, { client_id: other.clientId })),
    ];
    for (const { status } of await Promise.all(stolen)) expect(status).not.toBe(200);
    expect(await ask(redeem(code))).toMatchObject({ status: 200 });
  });

  it('a refresh token, whose family goes on', async () => {
    const { refresh_token: text } = await tokens();
    for (const fields of [refresh(text), { ...refresh(text), client_id: shop.clientId }]) {
      expect(await ask(fields, other)).not.toMatchObject({ status: 200 });
    }
    expect(await ask(refresh(text))).toMatchObject({ status: 200 });
  });

  it('a device code', async () => {
    const fields = { scope: 'openid orders:read' };
    const { body } = await post(cell, '/oauth/device', fields, shop);
    const poll = { grant_type: deviceGrant, device_code: String(body['device_code']) };
    const own = await ask(poll);
    expect(own.body['error']).toBe('authorization_pending');
    const foreign = await ask(poll, other);
    expect(foreign.body['error']).toBe('invalid_grant');
  });

  it('a pushed request', async () => {
    const { clientId } = shop;
    const fields = { client_id: clientId, response_type: 'code', scope: 'openid' };
    const proof = { code_challenge: challenge, code_challenge_method: 'S256' };
    const all = { ...fields, ...proof, redirect_uri: callback };
    const { body } = await post(cell, '/oauth/par', all, shop);
    expect(body).toHaveProperty('request_uri');
    const uri = String(body['request_uri']);
    const pushed = (clientId: string) =>
      codeFor(clientId, alice, {
        request_uri: uri,
        response_type: undefined,
        scope: undefined,
        redirect_uri: undefined,
        code_challenge: undefined,
        code_challenge_method: undefined,
      });
    await expect(pushed(other.clientId)).rejects.toThrow();
    await expect(pushed(shop.clientId)).resolves.toBeTypeOf('string');
  });

  it('an access token, to exchange or to revoke', async () => {
    const { access_token: text } = await tokens();
    const exchange = {
      grant_type: exchangeGrant,
      subject_token: String(text),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    };
    expect(await ask(exchange, other)).not.toMatchObject({ status: 200 });
    await post(cell, '/oauth/revoke', { token: String(text) }, other);
    expect(await isActive(text)).toBe(true);
    await post(cell, '/oauth/revoke', { token: String(text) }, shop);
    expect(await isActive(text)).toBe(false);
  });

  it('an assertion: it names who made it, and is by that key', async () => {
    const [one, two] = [await signingClient(cell), await signingClient(cell)];
    const good = assertionClaims(cell, one.clientId);
    for (const claims of [good, { ...good, iss: two.clientId }, { ...good, sub: two.clientId }]) {
      const forged = signAssertion(claims, two.privateKey);
      expect(await askBare(byAssertion(forged))).toMatchObject({ status: 401 });
    }
    const own = byAssertion(signAssertion(good, one.privateKey));
    const asOther = { ...own, client_id: two.clientId };
    expect(await askBare(asOther)).not.toMatchObject({ status: 200 });
    expect(await askBare(own)).toMatchObject({ status: 200 });
  });
});

describe('a race', () => {
  it('Keycloak CVE-2026-1035: refreshes at once are one refresh, and reuse ends the family', async () => {
    const { refresh_token: first } = await tokens();
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(refresh(first))));
    const next = new Set(answers.flatMap(({ body }) => body['refresh_token'] ?? []));
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    expect([...next]).toHaveLength(1);
    const [second] = [...next];
    const third = await ask(refresh(second));
    expect(third.status).toBe(200);
    expect((await ask(refresh(first))).body['error']).toBe('invalid_grant');
    // Whoever was first was perhaps the thief: nobody goes on.
    expect((await ask(refresh(third.body['refresh_token']))).body['error']).toBe('invalid_grant');
    expect(await isActive(third.body['access_token'])).toBe(false);
  });

  it('Hydra GHSA-3p3g: an assertion counts once, at once or one after the other', async () => {
    const { clientId, privateKey } = await signingClient(cell);
    const claims = assertionClaims(cell, clientId);
    const fields = byAssertion(signAssertion(claims, privateKey));
    const answers = await Promise.all(Array.from({ length: 50 }, () => askBare(fields)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await askBare(fields)).toMatchObject({ status: 401 });
    const again = byAssertion(signAssertion({ ...claims, exp: claims.exp + 1 }, privateKey));
    expect(await askBare(again)).toMatchObject({ status: 401 });
  });

  it('a code counts once, and its replay ends what came of it', async () => {
    const code = await codeFor(shop.clientId, alice);
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(redeem(code))));
    const right = answers.filter(({ status }) => status === 200);
    expect(right.length).toBeLessThanOrEqual(1);
    for (const { body } of right) {
      expect(await isActive(body['access_token'])).toBe(false);
      expect(await ask(refresh(body['refresh_token']))).not.toMatchObject({ status: 200 });
    }
  });
});

describe('OpenFGA CVE-2026-55689, Zitadel GHSA-wxg7: what is absent refuses', () => {
  it('each part of a redemption', async () => {
    const code = await codeFor(shop.clientId, alice);
    const absent = ['grant_type', 'code', 'code_verifier'];
    for (const name of absent) {
      const { status } = await ask(redeem(code, { [name]: undefined }));
      expect([name, status]).toEqual([name, 400]);
      const { status: empty } = await ask(redeem(code, { [name]: '' }));
      expect([name, empty]).toEqual([name, 400]);
    }
    expect(await askBare(redeem(code))).not.toMatchObject({ status: 200 });
  });

  it('the redirect URI of a redemption', async () => {
    const code = await codeFor(shop.clientId, alice);
    for (const uri of [undefined, '', 'http://127.0.0.1:9/other']) {
      expect(await ask(redeem(code, { redirect_uri: uri }))).not.toMatchObject({ status: 200 });
    }
  });

  it('each claim of an assertion, and each that is not what it must be', async () => {
    const { clientId, privateKey } = await signingClient(cell);
    const attempt = (change: object, header: object = {}): Promise<Answer> => {
      const claims = { ...assertionClaims(cell, clientId), ...change };
      return askBare(byAssertion(signAssertion(claims, privateKey, header)));
    };
    const now = Math.floor(Date.now() / 1000);
    for (const change of [
      { iss: undefined },
      { sub: undefined },
      { aud: undefined },
      { jti: undefined },
      { exp: undefined },
      { aud: 'https://elsewhere.example' },
      { aud: `${cell.issuer}/` },
      { exp: now - 120 },
      { exp: now + 10 * 365 * 86_400 },
      { nbf: now + 600 },
      { iss: clientId.toUpperCase() },
    ]) {
      expect([change, (await attempt(change)).status]).toEqual([change, 401]);
    }
    for (const header of [{ alg: 'none' }, { alg: 'HS256' }, { kid: 'two' }]) {
      expect([header, (await attempt({}, header)).status]).toEqual([header, 401]);
    }
    expect((await attempt({})).status).toBe(200);
  });
});

describe('Zitadel CVE-2026-27840: a text that is a little wrong is nothing', () => {
  it('of a refresh token, and its family goes on', async () => {
    const { refresh_token: text } = await tokens();
    for (const wrong of spoilt(String(text))) {
      const { status } = await ask(refresh(wrong));
      expect([wrong, status]).toEqual([wrong, 400]);
    }
    expect(await ask(refresh(text))).toMatchObject({ status: 200 });
  });

  it('of an authorization code', async () => {
    const code = await codeFor(shop.clientId, alice);
    for (const wrong of spoilt(code)) {
      const { status } = await ask(redeem(wrong));
      expect([wrong, status]).toEqual([wrong, 400]);
    }
    expect(await ask(redeem(code))).toMatchObject({ status: 200 });
  });

  it('of the secret of a client', async () => {
    const grant = { grant_type: 'client_credentials', scope: 'orders:read' };
    for (const secret of spoilt(shop.secret)) {
      const { status } = await ask(grant, { ...shop, secret });
      expect([secret, [400, 401].includes(status)]).toEqual([secret, true]);
    }
    expect(await ask(grant)).toMatchObject({ status: 200 });
  });

  it('of a session token', async () => {
    const session = alice.cookie('ledgate') ?? '';
    for (const wrong of spoilt(session).filter((text) => /^[\x21-\x7e]+$/u.test(text))) {
      const refused = await refusal(cell.world.call(Sessions.getSession, {}, wrong));
      expect([wrong, refused.code]).toEqual([wrong, 16]);
    }
    await cell.world.call(Sessions.getSession, {}, session);
  });
});
