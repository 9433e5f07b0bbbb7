import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClientKind } from '#proto/ledgate/identity/v1/client.js';
import {
  startOauthCell,
  type OauthCell,
  type RegisteredClient,
} from '../../support/oauth/oauth-cell.js';
import { basic, postForm, type FormAnswer } from './raw-form.js';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
let cell: OauthCell;
let shop: RegisteredClient;
let native: RegisteredClient;
let bearer: string;

beforeAll(async () => {
  cell = await startOauthCell('callers');
  shop = await cell.registerClient();
  const settings = { authMethod: 'none', grantTypes: ['authorization_code'] };
  native = await cell.registerClient(settings, ClientKind.CLIENT_KIND_NATIVE);
  bearer = `${shop.clientId}:${shop.secret}`;
});
afterAll(() => cell.stop());

const ask = (body: string, headers?: Readonly<Record<string, string>>): Promise<FormAnswer> =>
  postForm(`${cell.issuer}/oauth/introspect`, `token=x&${body}`, headers);
const form = (fields: Readonly<Record<string, string>>): string =>
  new URLSearchParams(fields).toString();
const known = { status: 200, body: { active: false } };

describe('a secret', () => {
  test('is taken in the header or in the form, whatever the scheme is spelt like', async () => {
    const { clientId: client_id, secret: client_secret } = shop;
    expect(await ask('', basic(bearer))).toMatchObject(known);
    const { authorization } = basic(bearer);
    const spelt = { authorization: authorization.replace('Basic', 'bAsIc') };
    expect(await ask('', spelt)).toMatchObject(known);
    expect(await ask(form({ client_id, client_secret }))).toMatchObject(known);
    expect(await ask(form({ client_id }), basic(bearer))).toMatchObject(known);
  });

  test('in the header is decoded as a form is (RFC 6749, 2.3.1)', async () => {
    const encoded = bearer.replaceAll(/[^:]/gu, percent);
    expect(await ask('', basic(encoded))).toMatchObject(known);
    const spoilt = `${shop.clientId}:${shop.secret}+`;
    expect(await ask('', basic(spoilt))).toMatchObject({ status: 401 });
  });

  const percent = (letter: string): string =>
    `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`;

  test.each([
    ['another scheme', () => ({ authorization: `Bearer ${shop.secret}` })],
    ['no scheme', () => ({ authorization: shop.secret })],
    ['no colon', () => basic(shop.clientId)],
    ['an empty secret', () => basic(`${shop.clientId}:`)],
    ['an empty client', () => basic(`:${shop.secret}`)],
    ['a broken escape', () => basic(`${shop.clientId}:%zz`)],
    ['an escape that is no UTF-8', () => basic(`${shop.clientId}:%ff`)],
    ['a control character', () => basic(`${shop.clientId}:%00${shop.secret}`)],
    ['no base64', () => ({ authorization: 'Basic ***' })],
    ['a blank behind', () => ({ authorization: `${basic(bearer).authorization} x` })],
  ])('is refused in a header with %s', async (_what, headers) => {
    const { status, body } = await ask('', headers());
    expect([status, body['error']]).toEqual([400, 'invalid_request']);
  });

  test('that is wrong is told to nobody, and the scheme is named', async () => {
    const other = await cell.registerClient({ name: 'Other' });
    for (const [id, secret] of [
      [shop.clientId, `${shop.secret}x`],
      [shop.clientId, other.secret],
      ['nobody', shop.secret],
      [shop.clientId.toUpperCase(), shop.secret],
    ]) {
      const { status, body, headers } = await ask('', basic(`${id}:${secret}`));
      expect([status, body]).toEqual([
        401,
        { error: 'invalid_client', error_description: 'client authentication failed' },
      ]);
      expect(headers.get('www-authenticate')).toMatch(/^Basic realm="http/u);
      expect(headers.get('cache-control')).toBe('no-store');
      const inForm = await ask(form({ client_id: id ?? '', client_secret: secret ?? '' }));
      expect(inForm.status).toBe(401);
      expect(inForm.headers.has('www-authenticate')).toBe(false);
    }
  });
});

describe('a method', () => {
  test('is one: two at a time are refused', async () => {
    const { clientId: client_id, secret: client_secret } = shop;
    const assertion = { client_assertion: 'x', client_assertion_type: assertionType };
    for (const answer of [
      await ask(form({ client_id, client_secret }), basic(bearer)),
      await ask(form(assertion), basic(bearer)),
      await ask(form({ client_id, client_secret, ...assertion })),
    ]) {
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    }
  });

  test('is that of the registration', async () => {
    const { clientId } = native;
    const keyed = await signingClient();
    const shown = keyed.assert({ iss: shop.clientId, sub: shop.clientId });
    for (const answer of [
      await ask(form({ client_id: shop.clientId })),
      await ask(form(shown)),
      await ask(form({ client_id: clientId, client_secret: 'x' })),
      await ask('', basic(`${clientId}:x`)),
      await ask(form(keyed.assert({ iss: clientId, sub: clientId }))),
      await ask(form({ client_id: keyed.clientId })),
      await ask('', basic(`${keyed.clientId}:x`)),
    ]) {
      expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    }
    expect(await ask(form({ client_id: clientId }))).toMatchObject(known);
  });

  test('is of one client: what the form says beside it must be the same', async () => {
    const keyed = await signingClient();
    const { clientId: client_id } = native;
    for (const answer of [
      await ask(form({ client_id }), basic(bearer)),
      await ask(form({ client_id, ...keyed.assert() })),
      await ask(''),
      await ask('client_id='),
    ]) {
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    }
  });
});

describe('an assertion', () => {
  test.each(['EdDSA', 'ES256', 'RS256', 'PS256'])('by %s authenticates once', async (alg) => {
    const keyed = await signingClient(alg);
    const shown = form(keyed.assert());
    expect(await ask(shown)).toMatchObject(known);
    expect(await ask(shown)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });

  test('is for the issuer, the token endpoint or the one it is shown to', async () => {
    const keyed = await signingClient();
    const { issuer } = cell;
    const [token, here] = [`${issuer}/oauth/token`, `${issuer}/oauth/introspect`];
    for (const aud of [issuer, token, here, [issuer, 'https://elsewhere.example']]) {
      expect([aud, await ask(form(keyed.assert({ aud })))]).toMatchObject([aud, known]);
    }
    const elsewhere = ['https://elsewhere.example'];
    for (const aud of [`${issuer}/oauth/revoke`, elsewhere, [], [[issuer]], {}, null]) {
      const { status } = await ask(form(keyed.assert({ aud })));
      expect([aud, status]).toEqual([aud, 401]);
    }
  });

  test.each([
    ['is of another issuer', { iss: 'x' }],
    ['has expired', { exp: seconds(-60) }],
    ['never expires', { exp: undefined }],
    ['expires as a text says', { exp: String(seconds(60)) }],
    ['lives for a day', { exp: seconds(86_400) }],
    ['is not good yet', { nbf: seconds(60) }],
    ['has no id', { jti: undefined }],
    ['has a number as id', { jti: 7 }],
  ])('that %s authenticates nobody', async (_what, claims) => {
    const keyed = await signingClient();
    const { status, body } = await ask(form(keyed.assert(claims)));
    expect([status, body['error']]).toEqual([401, 'invalid_client']);
    expect(await ask(form(keyed.assert()))).toMatchObject(known);
  });

  test('by no key, by another one, or by one that the client does not sign with, is none', async () => {
    const keyed = await signingClient('RS256');
    const other = await signingClient('RS256');
    const unsigned = keyed.assert({}, { alg: 'none' });
    const bare = unsigned.client_assertion.replace(/[^.]*$/u, '');
    for (const [shown, status] of [
      [unsigned, 401],
      [{ ...unsigned, client_assertion: bare }, 400],
      [keyed.assert({}, { alg: 'HS256' }), 401],
      [keyed.assert({}, { alg: 'PS256' }), 401],
      [keyed.assert({}, { kid: 'two' }), 401],
      [other.assert({ iss: keyed.clientId, sub: keyed.clientId }), 401],
      [{ ...keyed.assert(), client_assertion_type: 'x' }, 400],
      [{ client_assertion: keyed.assert().client_assertion }, 400],
      [{ ...keyed.assert(), client_assertion: 'x' }, 400],
      [keyed.assert({ sub: undefined }), 401],
    ] as const) {
      const answer = await ask(form(shown));
      expect([shown, answer.status]).toEqual([shown, status]);
    }
  });
});

function seconds(fromNow: number): number {
  return Math.floor(Date.now() / 1000) + fromNow;
}

/** A client that signs, and a way to make its assertions a little wrong. */
async function signingClient(alg = 'ES256') {
  const { privateKey, publicKey } = keyPair(alg);
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'one' };
  const { clientId } = await cell.registerClient({
    authMethod: 'private_key_jwt',
    jwks: JSON.stringify({ keys: [jwk] }),
  });
  const assert = (change: object = {}, header: object = {}) => {
    const exp = seconds(60);
    const jti = crypto.randomUUID();
    const claims = { iss: clientId, sub: clientId, aud: cell.issuer, jti, exp, ...change };
    const text = `${part({ alg, kid: 'one', ...header })}.${part(claims)}`;
    return {
      client_assertion: `${text}.${signed(alg, text, privateKey)}`,
      client_assertion_type: assertionType,
    };
  };
  return { clientId, assert };
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function keyPair(alg: string) {
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519');
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

function signed(alg: string, text: string, key: KeyObject): string {
  const pss = alg === 'PS256' ? { padding: 6, saltLength: 32 } : {};
  const options = { key, dsaEncoding: 'ieee-p1363', ...pss } as const;
  const digest = alg === 'EdDSA' ? null : 'sha256';
  return sign(digest, Buffer.from(text), options).toString('base64url');
}
