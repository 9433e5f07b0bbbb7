import { constants, createPublicKey, verify, type JsonWebKey, type KeyObject } from 'node:crypto';
import { readForeignJws, type ForeignJws } from './foreign-jws.js';
import { isSoundRsa } from './sound-rsa.js';

/** Why an assertion was refused. For logs and tests. */
export type AssertionRefusal =
  | 'WRONG_ALGORITHM'
  | 'WRONG_KEY'
  | 'BAD_SIGNATURE'
  | 'WRONG_ISSUER'
  | 'WRONG_SUBJECT'
  | 'WRONG_AUDIENCE'
  | 'NO_ID'
  | 'NO_EXPIRY'
  | 'EXPIRED'
  | 'NOT_YET';

export type AssertionVerdict =
  | {
      readonly ok: true;
      readonly jti: string;
      /** Until when it must be known as used, ms since the Unix epoch. */
      readonly goodUntilMs: number;
    }
  | { readonly ok: false; readonly why: AssertionRefusal };

/** A public key of a client. */
export interface AssertionKey {
  readonly kid: string | undefined;
  /** The algorithms that it may be used with (RFC 8725, section 3.1). */
  readonly algorithms: ReadonlySet<string>;
  readonly publicKey: KeyObject;
}

export interface AssertionRules {
  readonly client: string;
  /** One of them must be named. */
  readonly audiences: ReadonlySet<string>;
}

const longestAssertion = 8_192;
/** So far the clocks of clients may be from ours, s. */
const toleranceS = 15;

/** The assertion of a client (RFC 7523, section 2.2), not verified; undefined: it is none. */
export function readClientAssertion(text: string): ForeignJws | undefined {
  return readForeignJws(text, longestAssertion);
}

/** The keys of a client's JWK set (RFC 7517) that can be used; a key that cannot verifies nothing. */
export function assertionKeys(jwks: string): readonly AssertionKey[] {
  const { keys = [] } = JSON.parse(jwks) as { readonly keys?: readonly JsonWebKey[] };
  return keys.flatMap((jwk) => {
    const publicKey = readableKey(jwk);
    if (publicKey === undefined) return [];
    const fitting = algorithmsOf(publicKey);
    const { alg, kid } = jwk;
    const algorithms = alg === undefined ? fitting : fitting.filter((one) => one === alg);
    return [
      {
        kid: typeof kid === 'string' ? kid : undefined,
        algorithms: new Set(algorithms),
        publicKey,
      },
    ];
  });
}

/** Judges an assertion (RFC 7523, section 3). Whether its `jti` was used is for the caller to know. */
export function verifyClientAssertion(
  { header, claims, signed, signature }: ForeignJws,
  keys: readonly AssertionKey[],
  rules: AssertionRules,
  nowMs: number,
): AssertionVerdict {
  const { alg, kid } = header;
  const check = typeof alg === 'string' ? schemes.get(alg) : undefined;
  if (check === undefined || typeof alg !== 'string') return no('WRONG_ALGORITHM');
  const why = saysSomethingElse(claims, rules, nowMs / 1000);
  if (why !== undefined) return no(why);
  const named = keys.filter((key) => kid === undefined || key.kid === undefined || key.kid === kid);
  const fitting = named.filter(({ algorithms }) => algorithms.has(alg));
  if (fitting.length === 0) return no('WRONG_KEY');
  if (!fitting.some(({ publicKey }) => check(signed, publicKey, signature))) {
    return no('BAD_SIGNATURE');
  }
  const { jti, exp } = claims as { readonly jti: string; readonly exp: number };
  return { ok: true, jti, goodUntilMs: (exp + toleranceS) * 1000 };
}

function saysSomethingElse(
  { iss, sub, aud, jti, exp, nbf, iat }: Readonly<Record<string, unknown>>,
  { client, audiences }: AssertionRules,
  nowS: number,
): AssertionRefusal | undefined {
  if (iss !== client) return 'WRONG_ISSUER';
  if (sub !== client) return 'WRONG_SUBJECT';
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!named.some((one) => typeof one === 'string' && audiences.has(one))) return 'WRONG_AUDIENCE';
  if (typeof jti !== 'string' || jti === '') return 'NO_ID';
  if (typeof exp !== 'number' || !Number.isFinite(exp)) return 'NO_EXPIRY';
  if (exp <= nowS - toleranceS) return 'EXPIRED';
  if (iat !== undefined && typeof iat !== 'number') return 'NOT_YET';
  if (nbf === undefined) return undefined;
  return typeof nbf === 'number' && nbf <= nowS + toleranceS ? undefined : 'NOT_YET';
}

type Check = (signed: Buffer, key: KeyObject, signature: Buffer) => boolean;

const schemes: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['EdDSA', (signed, key, signature) => verify(null, signed, key, signature)],
  [
    'ES256',
    (signed, key, signature) =>
      verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature),
  ],
  ['RS256', (signed, key, signature) => verify('sha256', signed, key, signature)],
  [
    'PS256',
    (signed, key, signature) => {
      const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
      return verify('sha256', signed, { key, padding, saltLength }, signature);
    },
  ],
]);

function algorithmsOf(key: KeyObject): readonly string[] {
  const { namedCurve } = key.asymmetricKeyDetails ?? {};
  const type = key.asymmetricKeyType;
  if (type === 'ed25519') return ['EdDSA'];
  if (type === 'ec') return namedCurve === 'prime256v1' ? ['ES256'] : [];
  return isSoundRsa(key) ? ['RS256', 'PS256'] : [];
}

function readableKey(jwk: JsonWebKey): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

function no(why: AssertionRefusal): AssertionVerdict {
  return { ok: false, why };
}
