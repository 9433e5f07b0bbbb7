import { SignJWT } from 'jose';
import type { AccessClaims } from './access-claims.js';
import type { SigningKey } from './signing-key.js';

/** Compact JWS, `typ: at+jwt` (RFC 9068 section 2.1), kid in the header. */
export async function signAccessToken(key: SigningKey, claims: AccessClaims): Promise<string> {
  return new SignJWT(toPayload(claims))
    .setProtectedHeader({ alg: key.algorithm, typ: 'at+jwt', kid: key.kid })
    .sign(key.privateKey);
}

function toPayload(claims: AccessClaims): Record<string, unknown> {
  const { epoch, position, authPosition, credential } = claims.ledger;
  return {
    iss: claims.issuer,
    sub: claims.subject,
    tenant: claims.tenant,
    aud: claims.audience,
    iat: claims.issuedAtS,
    exp: claims.expiresAtS,
    jti: claims.tokenId,
    // Absent: no limit. Empty: nothing is allowed.
    ...(claims.scopes === undefined ? {} : { scope: claims.scopes.join(' ') }),
    amr: claims.amr,
    auth_time: claims.authTimeS,
    lg: { e: epoch, L: position, a: authPosition, c: credential },
  };
}
