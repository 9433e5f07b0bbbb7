import { hash } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { proofWindowMs, verifyDpopProof } from '#libs/tokens/dpop-proof.js';

const nowMs = 1_800_000_000_000;
const accessToken = 'the.access.token';
const rules = { httpMethod: 'GET', httpUri: 'https://api.test/orders/1?page=2', accessToken };
type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let pair: Pair;
let jwk: Awaited<ReturnType<typeof exportJWK>>;

beforeAll(async () => {
  pair = await generateKeyPair('ES256', { extractable: true });
  jwk = await exportJWK(pair.publicKey);
});

interface Change {
  readonly header?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
  readonly key?: Pair['privateKey'];
}

function proof({ header = {}, claims = {}, key = pair.privateKey }: Change = {}): Promise<string> {
  const ath = hash('sha256', accessToken, 'base64url');
  const all = {
    jti: 'one',
    htm: 'GET',
    htu: 'https://api.test/orders/1',
    iat: nowMs / 1000,
    ath,
    ...claims,
  };
  return new SignJWT(all)
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
    .sign(key);
}

const why = async (change: Change, of = rules, at = nowMs): Promise<string> => {
  const verdict = verifyDpopProof(await proof(change), of, at);
  return verdict.ok ? 'ok' : verdict.why;
};

describe('a DPoP proof (RFC 9449 section 4.3)', () => {
  it.each(['ES256', 'EdDSA', 'Ed25519', 'RS256'])('by %s tells key, jti and time', async (alg) => {
    const other = await generateKeyPair(alg, { extractable: true });
    const own = await exportJWK(other.publicKey);
    const text = await proof({ header: { alg, jwk: own }, key: other.privateKey });
    expect(verifyDpopProof(text, rules, nowMs)).toEqual({
      ok: true,
      jkt: await calculateJwkThumbprint(own),
      jti: 'one',
      issuedAtMs: nowMs,
    });
  });

  it('is judged by what the caller takes, who may look at its nonce instead of its time', async () => {
    const stale = await proof({ claims: { iat: nowMs / 1000 - 4_000, nonce: 'given' } });
    const only = { ...rules, algorithms: ['EdDSA'] };
    expect(verifyDpopProof(stale, rules, nowMs)).toMatchObject({ why: 'TOO_OLD_OR_NEW' });
    expect(verifyDpopProof(stale, { ...rules, lately: false }, nowMs)).toMatchObject({
      ok: true,
      nonce: 'given',
      issuedAtMs: nowMs - 4_000_000,
    });
    expect(verifyDpopProof(await proof(), only, nowMs)).toMatchObject({ why: 'WRONG_ALGORITHM' });
    expect(await why({ claims: { nonce: 7 } })).toBe('MALFORMED');
  });

  it('is good for its request and token only', async () => {
    expect(await why({}, { ...rules, httpMethod: 'POST' })).toBe('WRONG_METHOD');
    expect(await why({}, { ...rules, httpUri: 'https://api.test/orders/2' })).toBe('WRONG_URI');
    expect(await why({}, { ...rules, httpUri: 'http://api.test/orders/1' })).toBe('WRONG_URI');
    expect(await why({}, { ...rules, httpUri: 'https://API.test:443/orders/1#x' })).toBe('ok');
    expect(await why({}, { ...rules, accessToken: 'another' })).toBe('WRONG_TOKEN');
    expect(await why({ claims: { ath: undefined } })).toBe('WRONG_TOKEN');
  });

  it('is good for a minute, in either direction', async () => {
    expect(await why({}, rules, nowMs + proofWindowMs)).toBe('ok');
    expect(await why({}, rules, nowMs - proofWindowMs)).toBe('ok');
    expect(await why({}, rules, nowMs + proofWindowMs + 1)).toBe('TOO_OLD_OR_NEW');
    expect(await why({}, rules, nowMs - proofWindowMs - 1)).toBe('TOO_OLD_OR_NEW');
  });

  it('is over when it says so itself, and not before it says', async () => {
    const at = (ms: number): number => (nowMs + ms) / 1000;
    expect(await why({ claims: { exp: at(0), nbf: at(0) } })).toBe('ok');
    expect(await why({ claims: { exp: at(-proofWindowMs) } })).toBe('TOO_OLD_OR_NEW');
    expect(await why({ claims: { nbf: at(proofWindowMs + 1_000) } })).toBe('TOO_OLD_OR_NEW');
    for (const wrong of ['soon', null, true]) {
      expect(await why({ claims: { exp: wrong } })).toBe('MALFORMED');
      expect(await why({ claims: { nbf: wrong } })).toBe('MALFORMED');
    }
  });

  it.each<[string, Change, string]>([
    ['another type', { header: { typ: 'JWT' } }, 'WRONG_TYPE'],
    ['crit', { header: { crit: ['b64'], b64: true } }, 'MALFORMED'],
    ['no jti', { claims: { jti: undefined } }, 'MALFORMED'],
    ['a long jti', { claims: { jti: 'x'.repeat(300) } }, 'MALFORMED'],
    ['no iat', { claims: { iat: undefined } }, 'MALFORMED'],
    ['no htu', { claims: { htu: undefined } }, 'WRONG_URI'],
    ['no key', { header: { jwk: undefined } }, 'WRONG_KEY'],
  ])('with %s is refused', async (_, change, expected) => {
    expect(await why(change)).toBe(expected);
  });

  it('by another key than the one in its header, or with a private key in it, is refused', async () => {
    const other = await generateKeyPair('ES256', { extractable: true });
    expect(await why({ key: other.privateKey })).toBe('BAD_SIGNATURE');
    expect(await why({ header: { jwk: await exportJWK(pair.privateKey) } })).toBe('WRONG_KEY');
    const curve = await exportJWK(
      (await generateKeyPair('ES384', { extractable: true })).publicKey,
    );
    expect(await why({ header: { jwk: curve } })).toBe('WRONG_KEY');
  });

  it('by no signature, or by a shared secret, is refused', async () => {
    const [, body] = (await proof()).split('.');
    for (const alg of ['none', 'HS256']) {
      const header = Buffer.from(JSON.stringify({ alg, typ: 'dpop+jwt', jwk })).toString(
        'base64url',
      );
      const verdict = verifyDpopProof(`${header}.${body}.AAAA`, rules, nowMs);
      expect(verdict).toEqual({ ok: false, why: 'WRONG_ALGORITHM' });
    }
  });

  it('of which a part is missing, cut or added to, is refused', async () => {
    const text = await proof();
    for (let end = 0; end < text.length; end += 7) {
      expect(verifyDpopProof(text.slice(0, end), rules, nowMs).ok).toBe(false);
    }
    for (const more of [`${text}.`, `${text}=`, `${text} `, `${text}.x`, 'x'.repeat(5_000), '..']) {
      expect(verifyDpopProof(more, rules, nowMs).ok).toBe(false);
    }
  });
});
