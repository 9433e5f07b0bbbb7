import type { AccessClaims } from './access-claims.js';
import type { VerificationKey } from './keys.js';

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

/** Judges an access token: RFC 9068 section 4, RFC 8725 section 3. Never throws. Synchronous. */
export function verifyAccessToken(_token: string, _rules: TokenRules, _nowMs: number): TokenVerdict {
  throw new Error('being written');
}
