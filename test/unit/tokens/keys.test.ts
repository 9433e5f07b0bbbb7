import { generateKeyPairSync, KeyObject } from 'node:crypto';
import * as jose from 'jose';
import { describe, expect, it } from 'vitest';
import { Failure } from '#libs/errors/failure.js';
import { importPublicJwk, signingAlgorithm, toJwks } from '#libs/tokens/keys.js';
import {
  exportPrivateKey,
  generateSigningKey,
  importPrivateKey,
} from '#libs/tokens/signing-key.js';
import { keys } from './fixtures.js';

const algorithms = ['EdDSA', 'ES256', 'RS256'] as const;
const reasonOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return error instanceof Failure ? error.reason : String(error);
  }
  return 'nothing thrown';
};
const jwkOf = (key: KeyObject, more: object): string =>
  JSON.stringify({ ...key.export({ format: 'jwk' }), ...more });

describe('signing keys', () => {
  it.each(algorithms)('%s: kid is the thumbprint of RFC 7638', async (algorithm) => {
    const jwk = JSON.parse(keys[algorithm].publicJwk) as jose.JWK;
    expect(keys[algorithm].kid).toBe(await jose.calculateJwkThumbprint(jwk));
    expect(jwk).toMatchObject({ alg: algorithm, use: 'sig', kid: keys[algorithm].kid });
    expect(Object.keys(jwk)).not.toContain('d');
  });

  it('matches the example of RFC 8037 appendix A.3', () => {
    const jwk = {
      kty: 'OKP',
      crv: 'Ed25519',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
      alg: 'EdDSA',
      kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
    };
    expect(importPublicJwk(JSON.stringify(jwk)).algorithm).toBe('EdDSA');
  });

  it.each(algorithms)('%s: survives its own export', async (algorithm) => {
    const again = await importPrivateKey(algorithm, await exportPrivateKey(keys[algorithm]));
    expect(again.publicJwk).toBe(keys[algorithm].publicJwk);
    expect(importPublicJwk(again.publicJwk).kid).toBe(again.kid);
  });

  it('refuses a private key of another algorithm, or none at all', async () => {
    const pem = await exportPrivateKey(keys.EdDSA);
    for (const [algorithm, bytes] of [
      ['ES256', pem],
      ['RS256', pem],
      ['EdDSA', pem.subarray(1)],
      ['EdDSA', Buffer.from(keys.EdDSA.publicJwk)],
    ] as const) {
      await expect(importPrivateKey(algorithm, bytes)).rejects.toMatchObject({
        reason: 'MISCONFIGURED',
      });
    }
  });

  it('refuses a private key that no verifier would take', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const pem = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await expect(importPrivateKey('RS256', pem)).rejects.toMatchObject({ reason: 'MISCONFIGURED' });
  });

  const ed = keys.EdDSA;
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
  const oddExponent = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 });
  it.each([
    ['a private key', jwkOf(KeyObject.from(ed.privateKey), { alg: 'EdDSA', kid: ed.kid })],
    ['another algorithm', ed.publicJwk.replace('"EdDSA"', '"ES256"')],
    ['no algorithm', ed.publicJwk.replace('"alg":"EdDSA",', '')],
    ['an HMAC key', '{"kty":"oct","k":"AAAA","alg":"HS256","kid":"x"}'],
    ['an HMAC key that says RS256', '{"kty":"oct","k":"AAAA","alg":"RS256","kid":"x"}'],
    ['another kid', ed.publicJwk.replace(ed.kid, 'x')],
    ['1024 bits', jwkOf(small, { alg: 'RS256', kid: 'x' })],
    ['the exponent 3', jwkOf(oddExponent.publicKey, { alg: 'RS256', kid: 'x' })],
    ['the curve P-384', jwkOf(p384, { alg: 'ES256', kid: 'x' })],
    [
      'a point off the curve',
      '{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ","alg":"ES256","kid":"x"}',
    ],
    ['a list', '[]'],
    ['no JSON', '{'],
  ])('refuses a public key that is %s', (_, jwk) => {
    expect(reasonOf(() => importPublicJwk(jwk))).toBe('INVALID_ARGUMENT');
  });

  it('publishes a set that another library can use', async () => {
    const jwks = toJwks(algorithms.map((algorithm) => keys[algorithm].publicJwk));
    const find = jose.createLocalJWKSet(JSON.parse(jwks) as jose.JSONWebKeySet);
    for (const algorithm of algorithms) {
      await expect(find({ alg: algorithm, kid: keys[algorithm].kid })).resolves.toBeDefined();
    }
  });

  it.each(['none', 'HS256', 'toString', '__proto__', 'eddsa', ''])('%s is no algorithm', (text) => {
    expect(signingAlgorithm(text)).toBeUndefined();
  });
});

it('no key is named so that a command line takes it for an option', async () => {
  // One thumbprint in 64 starts with a dash.
  const many = await Promise.all(Array.from({ length: 400 }, () => generateSigningKey('EdDSA')));
  expect(many.filter(({ kid }) => kid.startsWith('-'))).toEqual([]);
});
