import * as jose from 'jose';
import { describe, expect, it } from 'vitest';
import { signAccessToken } from '#libs/tokens/sign-access-token.js';
import { verifyAccessToken, type TokenRefusal } from '#libs/tokens/verify-access-token.js';
import { claims, forge, keys, nowMs, nowS, payloadOf, rulesFor } from './fixtures.js';

const rules = rulesFor(keys.EdDSA, keys.ES256, keys.RS256);
const good = await signAccessToken(keys.EdDSA, claims);
const header = { alg: 'EdDSA', typ: 'at+jwt', kid: keys.EdDSA.kid };
const payload = payloadOf(good);

const whyNot = (token: string, atMs = nowMs): TokenRefusal | 'accepted' => {
  const verdict = verifyAccessToken(token, rules, atMs);
  return verdict.ok ? 'accepted' : verdict.why;
};
const withHeader = (changes: object): string =>
  forge(JSON.stringify({ ...header, ...changes }), JSON.stringify(payload));
const withPayload = (changes: object): string =>
  forge(JSON.stringify(header), JSON.stringify({ ...payload, ...changes }));
const without = (fields: Record<string, unknown>, name: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));

describe('a good token', () => {
  it.each(['EdDSA', 'ES256', 'RS256'] as const)(
    'by %s is read back as it was said',
    async (alg) => {
      const verdict = verifyAccessToken(await signAccessToken(keys[alg], claims), rules, nowMs);
      expect(verdict).toEqual({ ok: true, claims, kid: keys[alg].kid });
    },
  );

  it.each(['EdDSA', 'ES256', 'RS256'] as const)(
    'by %s is good for another library',
    async (alg) => {
      const publicKey = await jose.importJWK(JSON.parse(keys[alg].publicJwk) as jose.JWK, alg);
      const { payload: read } = await jose.jwtVerify(
        await signAccessToken(keys[alg], claims),
        publicKey,
        {
          issuer: claims.issuer,
          audience: claims.audience,
          typ: 'at+jwt',
          requiredClaims: ['sub', 'iat', 'exp', 'jti'],
          currentDate: new Date(nowMs),
        },
      );
      expect(read['lg']).toEqual({ e: 1, L: 4711, a: 4000, c: 'cred-1' });
    },
  );

  it.each(['EdDSA', 'ES256', 'RS256'] as const)(
    'by %s of another library is good here',
    async (alg) => {
      const token = await new jose.SignJWT(payload)
        .setProtectedHeader({ alg, typ: 'application/at+jwt', kid: keys[alg].kid })
        .sign(keys[alg].privateKey);
      expect(whyNot(token)).toBe('accepted');
    },
  );

  it('tells "no scope" from "nothing allowed"', async () => {
    for (const scopes of [undefined, []]) {
      const token = await signAccessToken(keys.EdDSA, { ...claims, scopes });
      const verdict = verifyAccessToken(token, rules, nowMs);
      expect(verdict.ok && verdict.claims.scopes).toEqual(scopes);
    }
  });
});

const forms = { EdDSA: good, ES256: await signAccessToken(keys.ES256, claims) };

describe('a changed token (Zitadel CVE-2026-27840: truncated token accepted)', () => {
  it.each(['EdDSA', 'ES256'] as const)('%s: every prefix and every suffix is refused', (alg) => {
    for (let i = 0; i < forms[alg].length; i++) {
      expect(whyNot(forms[alg].slice(0, i))).not.toBe('accepted');
      expect(whyNot(forms[alg].slice(i + 1))).not.toBe('accepted');
    }
  });

  it.each(['EdDSA', 'ES256'] as const)('%s: every flip of one bit is refused', (alg) => {
    const bytes = Buffer.from(forms[alg]);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(whyNot(changed.toString('latin1'))).not.toBe('accepted');
    }
  });

  it('every other last character of each part is refused (RFC 4648 section 3.5)', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const parts = good.split('.');
    for (const [i, part] of parts.entries()) {
      for (const last of alphabet) {
        const other = parts.with(i, part.slice(0, -1) + last).join('.');
        expect(whyNot(other) === 'accepted').toBe(other === good);
      }
    }
  });

  const bits = 0x01;
  it.each([
    ['padding', `${good}=`],
    ['a blank behind', `${good} `],
    ['a line break behind', `${good}\n`],
    ['a blank before', ` ${good}`],
    ['a fourth part', `${good}.`],
    ['an encrypted token’s five parts', `${good}..`],
    ['an empty signature', good.slice(0, good.lastIndexOf('.') + 1)],
    ['no signature', good.slice(0, good.lastIndexOf('.'))],
    ['an empty payload', good.replace(/\.[^.]+\./, '..')],
    ['plain base64', good.replaceAll('-', '+').replaceAll('_', '/').concat('==')],
    ['a NUL', `${good}\0`],
    ['characters that alias in latin1', good.replace('e', String.fromCharCode(0x65 | (bits << 8)))],
    ['JSON serialization (RFC 7515 section 7.2)', '{"payload":"e30","signatures":[]}'],
    ['nothing', ''],
  ])('with %s is refused', (_, token) => expect(whyNot(token)).toBe('MALFORMED'));

  it('of more than 8 KiB is refused before it is looked at', () => {
    expect(whyNot(`${good}${'A'.repeat(8192)}`)).toBe('TOO_LARGE');
    expect(whyNot('.'.repeat(9000))).toBe('TOO_LARGE');
  });
});

describe('the header (RFC 8725 section 3, RFC 9068 section 4)', () => {
  it.each([
    ['alg none (CVE-2015-9235)', { alg: 'none' }, 'WRONG_ALGORITHM'],
    ['alg NoNe', { alg: 'NoNe' }, 'WRONG_ALGORITHM'],
    ['alg in lower case', { alg: 'eddsa' }, 'WRONG_ALGORITHM'],
    ['alg of Object.prototype', { alg: 'constructor' }, 'WRONG_ALGORITHM'],
    ['another key’s algorithm', { alg: 'RS256' }, 'WRONG_ALGORITHM'],
    ['an HMAC', { alg: 'HS256' }, 'WRONG_ALGORITHM'],
    ['alg as a list', { alg: ['EdDSA'] }, 'WRONG_ALGORITHM'],
    ['typ JWT (token confusion, RFC 8725 section 3.11)', { typ: 'JWT' }, 'WRONG_TYPE'],
    ['typ of a logout token', { typ: 'logout+jwt' }, 'WRONG_TYPE'],
    ['typ with a parameter', { typ: 'at+jwt;x' }, 'WRONG_TYPE'],
    ['typ as a list', { typ: ['at+jwt'] }, 'WRONG_TYPE'],
    ['kid unknown', { kid: 'x' }, 'UNKNOWN_KEY'],
    ['kid as a path', { kid: '../../dev/null' }, 'UNKNOWN_KEY'],
    ['kid as a query', { kid: "' or 1=1 --" }, 'UNKNOWN_KEY'],
    ['kid of Map.prototype', { kid: 'get' }, 'UNKNOWN_KEY'],
    ['kid of Object.prototype', { kid: '__proto__' }, 'UNKNOWN_KEY'],
    ['kid with a blank', { kid: `${keys.EdDSA.kid} ` }, 'UNKNOWN_KEY'],
    ['kid in another case', { kid: keys.EdDSA.kid.toUpperCase() }, 'UNKNOWN_KEY'],
    ['kid as a list', { kid: [keys.EdDSA.kid] }, 'UNKNOWN_KEY'],
    ['kid of another key', { kid: keys.ES256.kid }, 'WRONG_ALGORITHM'],
    ['jku (RFC 8725 section 3.10)', { jku: 'https://evil.example/jwks' }, 'FORBIDDEN_HEADER'],
    ['x5u', { x5u: 'https://evil.example/c' }, 'FORBIDDEN_HEADER'],
    ['x5c', { x5c: ['MII'] }, 'FORBIDDEN_HEADER'],
    [
      'jwk (CVE-2018-0114)',
      { jwk: JSON.parse(keys.EdDSA.publicJwk) as object },
      'FORBIDDEN_HEADER',
    ],
    ['crit (CVE-2025-59420)', { crit: ['exp'] }, 'FORBIDDEN_HEADER'],
    ['b64 (RFC 7797)', { b64: false }, 'FORBIDDEN_HEADER'],
    ['zip', { zip: 'DEF' }, 'FORBIDDEN_HEADER'],
    ['cty', { cty: 'JWT' }, 'FORBIDDEN_HEADER'],
  ])('%s is refused', (_, changes, why) => expect(whyNot(withHeader(changes))).toBe(why));

  it.each(['alg', 'typ', 'kid'])('without %s is refused', (name) => {
    const token = forge(JSON.stringify(without(header, name)), JSON.stringify(payload));
    expect(whyNot(token)).not.toBe('accepted');
  });

  it.each([
    ['the key under HS256 with its public key as the secret (CVE-2016-5431)', 'RS256'],
    ['the same for Ed25519 (CVE-2022-29217)', 'EdDSA'],
  ] as const)('%s is refused', async (_, alg) => {
    for (const secret of [keys[alg].publicJwk, 'public'].map((text) =>
      new TextEncoder().encode(text),
    )) {
      const token = await new jose.SignJWT(payload)
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: keys[alg].kid })
        .sign(secret);
      expect(whyNot(token)).toBe('WRONG_ALGORITHM');
    }
  });

  it('signed by another key of the same kind, naming ours, is refused', async () => {
    const { privateKey } = await jose.generateKeyPair('EdDSA');
    const token = await new jose.SignJWT(payload).setProtectedHeader(header).sign(privateKey);
    expect(whyNot(token)).toBe('BAD_SIGNATURE');
  });

  it('an all-zero ECDSA signature is refused (CVE-2022-21449)', async () => {
    const [head = '', body = ''] = (await signAccessToken(keys.ES256, claims)).split('.');
    const zero = Buffer.alloc(64).toString('base64url');
    expect(whyNot(`${head}.${body}.${zero}`)).toBe('BAD_SIGNATURE');
  });

  it('signatures of every wrong length are refused, not thrown', async () => {
    for (const key of Object.values(keys)) {
      const [head = '', body = ''] = (await signAccessToken(key, claims)).split('.');
      for (const length of [1, 63, 65, 128, 383, 385, 1000]) {
        const wrong = Buffer.alloc(length, 1).toString('base64url');
        expect(whyNot(`${head}.${body}.${wrong}`)).toBe('BAD_SIGNATURE');
      }
    }
  });

  it('duplicate members and other spellings are refused (RFC 8725 section 3.4)', () => {
    const text = JSON.stringify(header);
    const body = JSON.stringify(payload);
    expect(whyNot(forge(text.replace('{', '{"alg":"none",'), body))).toBe('MALFORMED');
    expect(whyNot(forge(text.replace('{', '{ '), body))).toBe('MALFORMED');
    expect(whyNot(forge(text.replace('alg', '\\u0061lg'), body))).toBe('MALFORMED');
    expect(whyNot(forge('[]', body))).toBe('MALFORMED');
    expect(whyNot(forge('null', body))).toBe('MALFORMED');
    expect(whyNot(forge(text.replace('{', '{"__proto__":{},'), body))).toBe('FORBIDDEN_HEADER');
    expect(whyNot(forge(text, body.replace('{', '{"sub":"someone",')))).toBe('BAD_CLAIM');
    expect(whyNot(forge(text, `${body} `))).toBe('BAD_CLAIM');
  });
});

describe('the claims (RFC 9068 section 2.2; OpenFGA CVE-2026-55689: absent claim skips the check)', () => {
  const required = ['iss', 'sub', 'tenant', 'aud', 'iat', 'exp', 'jti', 'amr', 'auth_time', 'lg'];

  it.each(required)('without %s is refused', (name) => {
    const token = forge(JSON.stringify(header), JSON.stringify(without(payload, name)));
    expect(whyNot(token)).toBe('BAD_CLAIM');
  });

  const types: readonly unknown[] = [null, true, '', [], {}, ['x'], -1, 1.5, '1', [1]];
  it.each(required)('with a %s of any wrong type is refused', (name) => {
    for (const value of types) {
      if (name === 'amr' && JSON.stringify(value) === '["x"]') continue;
      if (typeof payload[name] === 'string' && value === '1') continue;
      expect([value, whyNot(withPayload({ [name]: value }))]).toEqual([value, 'BAD_CLAIM']);
    }
  });

  it.each([
    ['aud as a list that holds ours', { aud: [claims.audience] }, 'BAD_CLAIM'],
    ['another audience', { aud: 'https://other.example' }, 'WRONG_AUDIENCE'],
    ['an audience that begins like ours', { aud: `${claims.audience}.evil` }, 'WRONG_AUDIENCE'],
    ['another issuer', { iss: 'https://id.example/' }, 'WRONG_ISSUER'],
    ['an issuer in another case', { iss: 'https://ID.example' }, 'WRONG_ISSUER'],
    ['exp before iat', { exp: nowS - 61 }, 'BAD_CLAIM'],
    ['exp as text', { exp: String(nowS + 100) }, 'BAD_CLAIM'],
    ['exp beyond 2^53', { exp: 1e300 }, 'BAD_CLAIM'],
    ['nbf as text', { nbf: '0' }, 'BAD_CLAIM'],
    ['nbf in the future', { nbf: nowS + 31 }, 'NOT_YET_VALID'],
    ['scope as a list', { scope: ['orders:read'] }, 'BAD_CLAIM'],
    ['scope with two blanks', { scope: 'a  b' }, 'BAD_CLAIM'],
    ['scope null', { scope: null }, 'BAD_CLAIM'],
    ['amr empty', { amr: [] }, 'BAD_CLAIM'],
    ['lg without the position', { lg: { e: 1, a: 1 } }, 'BAD_CLAIM'],
    ['lg with a negative position', { lg: { e: 1, L: -1, a: 1 } }, 'BAD_CLAIM'],
  ])('%s is refused', (_, changes, why) => expect(whyNot(withPayload(changes))).toBe(why));

  it.each([
    ['exp, leeway not over', 540 + 29.999, 'accepted'],
    ['exp, leeway over', 540 + 30, 'EXPIRED'],
    ['iat ahead within the leeway', -60 - 30, 'accepted'],
    ['iat ahead beyond the leeway', -60 - 30.001, 'NOT_YET_VALID'],
  ])('%s', (_, seconds, expected) => expect(whyNot(good, nowMs + seconds * 1000)).toBe(expected));

  it('an empty rule set refuses everything: no keys, no audience', () => {
    const none = { keys: new Map(), issuer: '', audiences: new Set<string>() };
    expect(verifyAccessToken(good, none, nowMs)).toEqual({ ok: false, why: 'UNKNOWN_KEY' });
    const noAudience = { ...rules, audiences: new Set<string>() };
    expect(verifyAccessToken(good, noAudience, nowMs)).toEqual({
      ok: false,
      why: 'WRONG_AUDIENCE',
    });
  });
});
