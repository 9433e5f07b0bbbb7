import { createPublicKey, hash, verify, type JsonWebKey, type KeyObject } from 'node:crypto';
import { readForeignJws } from './foreign-jws.js';
import { isSoundRsa } from './sound-rsa.js';

/** Why a proof was refused. For logs and tests. */
export type ProofRefusal =
  | 'MALFORMED'
  | 'WRONG_TYPE'
  | 'WRONG_ALGORITHM'
  | 'WRONG_KEY'
  | 'BAD_SIGNATURE'
  | 'WRONG_METHOD'
  | 'WRONG_URI'
  | 'WRONG_TOKEN'
  | 'TOO_OLD_OR_NEW';

export type ProofVerdict =
  | {
      readonly ok: true;
      /** RFC 7638 thumbprint of the key, base64url. */
      readonly jkt: string;
      readonly jti: string;
      /** When it was made, ms since the Unix epoch, as the client says. */
      readonly issuedAtMs: number;
      /** What it says to have had from a server (RFC 9449 section 8); absent: nothing. */
      readonly nonce?: string;
    }
  | { readonly ok: false; readonly why: ProofRefusal };

/** What a proof must be about. */
export interface ProofRules {
  readonly httpMethod: string;
  readonly httpUri: string;
  /** The access token that it came with; undefined: at an endpoint that issues one. */
  readonly accessToken?: string | undefined;
  /** Those that are taken; absent: all that are known. */
  readonly algorithms?: readonly string[];
  /** False: when it was made is judged by the caller, who looks at its nonce too. */
  readonly lately?: boolean;
}

/** So far `iat` may be from our clock, in either direction (RFC 9449 section 11.1). */
export const proofWindowMs = 60_000;
const longestProof = 4_096;
const longestJti = 256;

/**
 * Judges a DPoP proof (RFC 9449 section 4.3): its form, its signature by the key in its header, that it
 * was made for this request and this token, and lately. Never throws. Whether its `jti` was seen before,
 * and whether the token is bound to this key, is for the caller to know.
 */
export function verifyDpopProof(proof: string, rules: ProofRules, nowMs: number): ProofVerdict {
  const jws = readForeignJws(proof, longestProof);
  if (jws === undefined) return no('MALFORMED');
  const { header, claims, signed, signature } = jws;
  if (header['typ'] !== 'dpop+jwt') return no('WRONG_TYPE');
  const { alg } = header;
  const scheme = typeof alg === 'string' ? schemes.get(alg) : undefined;
  const isTaken = rules.algorithms?.some((one) => one === alg) ?? true;
  if (scheme === undefined || !isTaken) return no('WRONG_ALGORITHM');
  const key = publicKeyOf(header['jwk'], scheme);
  if (key === undefined) return no('WRONG_KEY');
  if (!scheme.verify(signed, key.publicKey, signature)) return no('BAD_SIGNATURE');
  const why = aboutSomethingElse(claims, rules, nowMs);
  if (why !== undefined) return no(why);
  const { jti, iat, nonce } = claims as { jti: string; iat: number; nonce?: string };
  return {
    ok: true,
    jkt: key.jkt,
    jti,
    issuedAtMs: iat * 1000,
    ...(nonce === undefined ? {} : { nonce }),
  };
}

function aboutSomethingElse(
  { jti, htm, htu, iat, ath, nonce, exp, nbf }: Readonly<Record<string, unknown>>,
  rules: ProofRules,
  nowMs: number,
): ProofRefusal | undefined {
  if (typeof jti !== 'string' || jti === '' || jti.length > longestJti) return 'MALFORMED';
  if (typeof iat !== 'number' || !Number.isFinite(iat)) return 'MALFORMED';
  if (nonce !== undefined && typeof nonce !== 'string') return 'MALFORMED';
  if (!isNumberOrAbsent(exp) || !isNumberOrAbsent(nbf)) return 'MALFORMED';
  if (htm !== rules.httpMethod) return 'WRONG_METHOD';
  const uri = typeof htu === 'string' ? placeOf(htu) : undefined;
  if (uri === undefined || uri !== placeOf(rules.httpUri)) return 'WRONG_URI';
  const isFar = Math.abs(nowMs - iat * 1000) > proofWindowMs;
  if (isFar && rules.lately !== false) return 'TOO_OLD_OR_NEW';
  // Neither is asked for, but what a client says itself holds (RFC 7519 sections 4.1.4 and 4.1.5).
  if (exp !== undefined && exp * 1000 <= nowMs - proofWindowMs) return 'TOO_OLD_OR_NEW';
  if (nbf !== undefined && nbf * 1000 > nowMs + proofWindowMs) return 'TOO_OLD_OR_NEW';
  const { accessToken } = rules;
  if (accessToken === undefined) return undefined;
  return ath === hash('sha256', accessToken, 'base64url') ? undefined : 'WRONG_TOKEN';
}

function isNumberOrAbsent(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && Number.isFinite(value));
}

interface Scheme {
  fits(key: KeyObject): boolean;
  /** Members of the public key that its thumbprint covers, sorted (RFC 7638 section 3.2). */
  readonly members: readonly string[];
  verify(signed: Buffer, key: KeyObject, signature: Buffer): boolean;
}

const ed25519: Scheme = {
  fits: (key) => key.asymmetricKeyType === 'ed25519',
  members: ['crv', 'kty', 'x'],
  verify: (signed, key, signature) => verify(null, signed, key, signature),
};
const schemes: ReadonlyMap<string, Scheme> = new Map<string, Scheme>([
  [
    'ES256',
    {
      fits: (key) => key.asymmetricKeyDetails?.namedCurve === 'prime256v1',
      members: ['crv', 'kty', 'x', 'y'],
      verify: (signed, key, signature) =>
        verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature),
    },
  ],
  ['EdDSA', ed25519],
  // The same under the name that says which curve (RFC 9864).
  ['Ed25519', ed25519],
  [
    'RS256',
    {
      fits: isSoundRsa,
      members: ['e', 'kty', 'n'],
      verify: (signed, key, signature) => verify('sha256', signed, key, signature),
    },
  ],
]);

/** A public key of the kind that the algorithm wants, and nothing private. */
function publicKeyOf(
  jwk: unknown,
  scheme: Scheme,
): { readonly publicKey: KeyObject; readonly jkt: string } | undefined {
  if (typeof jwk !== 'object' || jwk === null || 'd' in jwk || 'k' in jwk) return undefined;
  try {
    const publicKey = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    if (!scheme.fits(publicKey)) return undefined;
    const exported = publicKey.export({ format: 'jwk' });
    const canonical = Object.fromEntries(scheme.members.map((name) => [name, exported[name]]));
    return { publicKey, jkt: hash('sha256', JSON.stringify(canonical), 'base64url') };
  } catch {
    return undefined;
  }
}

/** `htu` without query and fragment, in the one form that URLs have (RFC 3986 section 6.2.2). */
function placeOf(uri: string): string | undefined {
  if (!URL.canParse(uri)) return undefined;
  const { origin, protocol, pathname } = new URL(uri);
  return protocol === 'https:' || protocol === 'http:' ? `${origin}${pathname}` : undefined;
}

function no(why: ProofRefusal): ProofVerdict {
  return { ok: false, why };
}
