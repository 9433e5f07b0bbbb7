import { createLocalJWKSet, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose';

export interface IdTokenRules {
  /** Keys of the provider, as it serves them (RFC 7517). */
  readonly jwks: JSONWebKeySet;
  readonly issuer: string;
  readonly clientId: string;
  readonly nonce: string;
}

export type IdTokenVerdict =
  | { readonly ok: true; readonly claims: JWTPayload & { readonly sub: string } }
  /** `unknownKey`: none of the keys has signed it; there may be newer ones. */
  | { readonly ok: false; readonly unknownKey: boolean };

/** No `none`, and nothing that the client's secret is the key of. */
const algorithms = ['EdDSA', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256'];
const leewayS = 60;
/** An ID token is redeemed at once: an old one was kept. */
const oldestS = 600;
const longestToken = 65_536;
/** OpenID Connect Core, section 2: ASCII. Others could be two spellings of one. */
const subject = /^[\x20-\x7e]{1,255}$/;

/**
 * Judges the ID token of another provider (OpenID Connect Core, 3.1.3.7): signature, issuer, audience,
 * `azp`, times, nonce. Never rejects.
 */
export async function verifyIdToken(
  token: string,
  { jwks, issuer, clientId, nonce }: IdTokenRules,
  nowMs: number,
): Promise<IdTokenVerdict> {
  const refused = { ok: false, unknownKey: false } as const;
  if (token.length > longestToken) return refused;
  let claims: JWTPayload;
  try {
    ({ payload: claims } = await jwtVerify(token, createLocalJWKSet(jwks), {
      issuer,
      audience: clientId,
      algorithms,
      clockTolerance: leewayS,
      currentDate: new Date(nowMs),
      maxTokenAge: oldestS,
      requiredClaims: ['sub', 'exp', 'iat', 'nonce'],
    }));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    return { ok: false, unknownKey: code === 'ERR_JWKS_NO_MATCHING_KEY' };
  }
  const { sub, aud, azp, nonce: told } = claims as JWTPayload & Record<string, unknown>;
  const forOthers = Array.isArray(aud) && aud.length > 1 && azp !== clientId;
  const party = azp === undefined || azp === clientId;
  const known = typeof sub === 'string' && subject.test(sub);
  if (!known || forOthers || !party || told !== nonce) return refused;
  return { ok: true, claims: { ...claims, sub } };
}
