import { createHash, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '#libs/runtime/clock.js';
import {
  startOauthCell,
  type OauthCell,
  type RegisteredClient,
} from '../../support/oauth/oauth-cell.js';
import { codeFor, redeem } from '../security/raw-oauth.js';
import { basic, postForm, type FormAnswer } from './raw-form.js';

let cell: OauthCell;
let shop: RegisteredClient;
/** So far the clock of the cell is ahead of ours. */
let aheadMs = 0;

beforeAll(async () => {
  const clock = { ...systemClock, wallMs: () => systemClock.wallMs() + aheadMs };
  cell = await startOauthCell('proofs', {}, { clock });
  shop = await cell.registerClient({ dpopRequired: true });
});
afterAll(() => cell.stop());

const grant = 'grant_type=client_credentials&scope=orders%3Aread';

const ask = (dpop: string, body: string = grant): Promise<FormAnswer> =>
  postForm(`${cell.issuer}/oauth/token`, body, {
    ...basic(`${shop.clientId}:${shop.secret}`),
    dpop,
  });

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const thumbprint = thumbprintOf(ec.publicKey.export({ format: 'jwk' }), ['crv', 'kty', 'x', 'y']);

const nowS = (): number => Math.floor(Date.now() / 1000);

function proof(claims: object = {}, header: object = {}, key: KeyObject = ec.privateKey): string {
  const htu = `${cell.issuer}/oauth/token`;
  const all = { jti: randomUUID(), htm: 'POST', htu, iat: nowS(), ...claims };
  const jwk = ec.publicKey.export({ format: 'jwk' });
  return jws({ typ: 'dpop+jwt', alg: 'ES256', jwk, ...header }, all, key);
}

function jws(header: object, claims: object, key: KeyObject): string {
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const made = sign(digest, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${made.toString('base64url')}`;
}

/** RFC 7638. */
function thumbprintOf(jwk: object, members: readonly string[]): string {
  const fields = jwk as Readonly<Record<string, unknown>>;
  const canonical = JSON.stringify(Object.fromEntries(members.map((name) => [name, fields[name]])));
  return createHash('sha256').update(canonical).digest('base64url');
}

describe('a proof', () => {
  test('binds the token to its key, once', async () => {
    const good = proof();
    const { status, body } = await ask(good);
    expect([status, body['token_type']]).toEqual([200, 'DPoP']);
    const introspected = await postForm(
      `${cell.issuer}/oauth/introspect`,
      new URLSearchParams({ token: String(body['access_token']) }).toString(),
      basic(`${shop.clientId}:${shop.secret}`),
    );
    expect(introspected.body).toMatchObject({ cnf: { jkt: thumbprint }, token_type: 'DPoP' });
    expect(await ask(good)).toMatchObject({ status: 400 });
  });

  test.each(['EdDSA', 'Ed25519'])('may be by %s', async (alg) => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const jwk = publicKey.export({ format: 'jwk' });
    expect(await ask(proof({}, { alg, jwk }, privateKey))).toMatchObject({ status: 200 });
  });

  test('is for the token endpoint, whatever query it names', async () => {
    const htu = `${cell.issuer}/oauth/token?x=1#y`;
    expect(await ask(proof({ htu }))).toMatchObject({ status: 200 });
  });

  test.each([
    ['of another method', { htm: 'GET' }],
    ['of a method in small letters', { htm: 'post' }],
    ['of another endpoint', { htu: 'http://127.0.0.1:9/oauth/token' }],
    ['of no endpoint', { htu: undefined }],
    ['that has no id', { jti: undefined }],
    ['that has an empty id', { jti: '' }],
    ['without a time', { iat: undefined }],
    ['with a text as time', { iat: 'now' }],
    ['with a number as nonce', { nonce: 7 }],
  ])('%s is none', async (_what, claims) => {
    const { status, body } = await ask(proof(claims));
    expect([status, body['error']]).toEqual([400, 'invalid_dpop_proof']);
  });

  test('with a header that is wrong, by another key, or one of two, is none', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = ec.privateKey.export({ format: 'jwk' });
    const ofRsa = rsa.publicKey.export({ format: 'jwk' });
    for (const wrong of [
      proof({}, { typ: 'jwt' }),
      proof({}, { alg: 'none' }),
      proof({}, { alg: 'HS256' }),
      proof({}, { alg: 'EdDSA' }),
      proof({}, { jwk: undefined }),
      proof({}, { jwk }),
      proof({}, { crit: ['x'], x: 1 }),
      proof({}, {}, other.privateKey),
      // Not among those that discovery names.
      proof({}, { alg: 'RS256', jwk: ofRsa }, rsa.privateKey),
      proof().slice(0, -2),
      `${proof()}, ${proof()}`,
      'x',
    ]) {
      const { status, body } = await ask(wrong);
      expect([wrong, status, body['error']]).toEqual([wrong, 400, 'invalid_dpop_proof']);
    }
  });

  test('must be there for a client whose tokens are bound', async () => {
    const { status } = await postForm(
      `${cell.issuer}/oauth/token`,
      grant,
      basic(`${shop.clientId}:${shop.secret}`),
    );
    expect(status).toBe(400);
  });
});

describe('a nonce', () => {
  const fresh = async (): Promise<string> => {
    const { headers } = await ask(proof());
    return headers.get('dpop-nonce') ?? '';
  };

  test('comes with every answer, and is not sent again to whoever has it', async () => {
    const nonce = await fresh();
    expect(nonce).toMatch(/^[\w-]{43}$/u);
    const { status, headers } = await ask(proof({ nonce }));
    expect([status, headers.get('dpop-nonce') ?? nonce]).toEqual([200, nonce]);
  });

  test('makes up for a clock that is wrong', async () => {
    for (const iat of [nowS() - 400, nowS() + 400]) {
      const stale = await ask(proof({ iat }));
      expect([stale.status, stale.body['error']]).toEqual([400, 'use_dpop_nonce']);
      const nonce = stale.headers.get('dpop-nonce');
      expect(await ask(proof({ iat, nonce }))).toMatchObject({ status: 200 });
    }
    expect(await ask(proof({ iat: nowS() - 200 }))).toMatchObject({ status: 200 });
  });

  test('that is not one of ours, or old, is asked for again', async () => {
    const old = await fresh();
    for (const nonce of ['x', old.toLowerCase(), `${old}x`]) {
      const { status, body, headers } = await ask(proof({ nonce }));
      expect([status, body['error']]).toEqual([400, 'use_dpop_nonce']);
      expect(headers.get('dpop-nonce')).toMatch(/^[\w-]{43}$/u);
    }
  });

  test('is one for all endpoints: that of the token endpoint is taken for user info', async () => {
    const code = await codeFor(shop.clientId, await cell.browserOf('alice'));
    const fields = Object.entries(redeem(code)) as [string, string][];
    const { status, body, headers } = await ask(proof(), new URLSearchParams(fields).toString());
    expect(status).toBe(200);
    const nonce = headers.get('dpop-nonce');
    const token = String(body['access_token']);
    const ath = createHash('sha256').update(token).digest('base64url');
    const htu = `${cell.issuer}/oauth/userinfo`;
    const told = async (more: object) =>
      fetch(htu, {
        headers: {
          authorization: `DPoP ${token}`,
          // A clock that is wrong: only the nonce lets it pass.
          dpop: proof({ htm: 'GET', htu, ath, iat: nowS() - 4_000, ...more }),
        },
      });
    const refused = await told({});
    expect(refused.status).toBe(401);
    expect((await told({ nonce })).status).toBe(200);
    const theirs = refused.headers.get('dpop-nonce');
    expect(await ask(proof({ nonce: theirs, iat: nowS() - 4_000 }))).toMatchObject({ status: 200 });
  });
});

test('proofs are taken once also by whoever shows them at different moments', async () => {
  const kept = proof({ iat: nowS() + 290 });
  expect(await ask(kept)).toMatchObject({ status: 200 });
  aheadMs = 580_000;
  try {
    // Still within the window of a clock that was ahead.
    expect(await ask(kept)).toMatchObject({ status: 400 });
  } finally {
    aheadMs = 0;
  }
});
