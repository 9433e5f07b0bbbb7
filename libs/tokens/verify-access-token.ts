import { verify } from 'node:crypto';
import type { AccessClaims } from './access-claims.js';
import { parseCompactJws, parseObject, type CompactJws } from './compact-jws.js';
import { signingAlgorithm, type VerificationKey } from './keys.js';
import { readClaims } from './read-claims.js';

/** Why a token was refused. For logs and tests; callers only learn that it was. */
export type TokenRefusal =
  | 'TOO_LARGE'
  | 'MALFORMED'
  | 'FORBIDDEN_HEADER'
  | 'WRONG_TYPE'
  | 'UNKNOWN_KEY'
  | 'WRONG_ALGORITHM'
  | 'BAD_SIGNATURE'
  | 'BAD_CLAIM'
  | 'WRONG_ISSUER'
  | 'WRONG_AUDIENCE'
  | 'NOT_YET_VALID'
  | 'EXPIRED';

export type TokenVerdict =
  | { readonly ok: true; readonly claims: AccessClaims; readonly kid: string }
  | { readonly ok: false; readonly why: TokenRefusal };

export interface TokenRules {
  /** By kid. */
  readonly keys: ReadonlyMap<string, VerificationKey>;
  readonly issuer: string;
  /** Audiences accepted here. */
  readonly audiences: ReadonlySet<string>;
}

/** Leeway for `exp`, `iat` and `nbf`, the only one. */
export const leewayS = 30;
/** Longest token looked at, bytes. */
export const maxTokenBytes = 8192;

/** Header members that exist here. `jku x5u jwk x5c crit b64 …` are refused by not being on it. */
const headerMembers: ReadonlySet<string> = new Set(['alg', 'typ', 'kid']);
/** RFC 9068 section 2.1, RFC 8725 section 3.11; media types know no case. */
const types: ReadonlySet<string> = new Set(['at+jwt', 'application/at+jwt']);

/**
 * Judges an access token (RFC 9068 section 4, RFC 8725 section 3). Never throws. Synchronous: on
 * the hot path a call costs little more than `crypto.verify`. What is believed comes after the
 * signature; before it only the header is read, to choose the key.
 */
export function verifyAccessToken(token: string, rules: TokenRules, nowMs: number): TokenVerdict {
  if (token.length > maxTokenBytes) return refuse('TOO_LARGE');
  const jws = parseCompactJws(token);
  if (jws === undefined) return refuse('MALFORMED');
  const key = chooseKey(jws.header, rules.keys);
  if (typeof key === 'string') return refuse(key);
  if (!isSignedBy(jws, key)) return refuse('BAD_SIGNATURE');
  const fields = parseObject(jws.payload);
  const claims = fields === undefined ? undefined : readClaims(fields);
  if (fields === undefined || claims === undefined) return refuse('BAD_CLAIM');
  if (claims.issuer !== rules.issuer) return refuse('WRONG_ISSUER');
  if (!rules.audiences.has(claims.audience)) return refuse('WRONG_AUDIENCE');
  const why = judgeTimes(claims, fields['nbf'], nowMs / 1000);
  return why === undefined ? { ok: true, claims, kid: key.kid } : refuse(why);
}

function chooseKey(
  header: Readonly<Record<string, unknown>>,
  keys: ReadonlyMap<string, VerificationKey>,
): VerificationKey | TokenRefusal {
  for (const name in header) if (!headerMembers.has(name)) return 'FORBIDDEN_HEADER';
  const { typ, alg, kid } = header;
  if (typeof typ !== 'string' || !types.has(typ.toLowerCase())) return 'WRONG_TYPE';
  if (typeof alg !== 'string' || signingAlgorithm(alg) === undefined) return 'WRONG_ALGORITHM';
  const key = typeof kid === 'string' ? keys.get(kid) : undefined;
  if (key === undefined) return 'UNKNOWN_KEY';
  return key.algorithm === alg ? key : 'WRONG_ALGORITHM';
}

function isSignedBy({ signingInput, signature }: CompactJws, key: VerificationKey): boolean {
  switch (key.algorithm) {
    case 'EdDSA':
      return verify(null, signingInput, key.publicKey, signature);
    case 'ES256': {
      const { publicKey } = key;
      return verify('sha256', signingInput, { key: publicKey, dsaEncoding }, signature);
    }
    case 'RS256':
      return verify('sha256', signingInput, key.publicKey, signature);
  }
}

const dsaEncoding = 'ieee-p1363';

function judgeTimes(claims: AccessClaims, nbf: unknown, nowS: number): TokenRefusal | undefined {
  if (nbf !== undefined && !Number.isSafeInteger(nbf)) return 'BAD_CLAIM';
  const notBeforeS = Math.max(claims.issuedAtS, typeof nbf === 'number' ? nbf : 0);
  if (notBeforeS > nowS + leewayS) return 'NOT_YET_VALID';
  // RFC 7519 section 4.1.4: on or after `exp` it is over.
  return claims.expiresAtS <= nowS - leewayS ? 'EXPIRED' : undefined;
}

function refuse(why: TokenRefusal): TokenVerdict {
  return { ok: false, why };
}
