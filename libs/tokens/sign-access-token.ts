import { SignJWT } from 'jose';
import type { AccessClaims, LedgerClaim } from './access-claims.js';
import type { SigningKey } from './signing-key.js';

/** Compact JWS, `typ: at+jwt` (RFC 9068 section 2.1), kid in the header. */
export async function signAccessToken(key: SigningKey, claims: AccessClaims): Promise<string> {
  return new SignJWT(accessPayload(claims))
    .setProtectedHeader({ alg: key.algorithm, typ: 'at+jwt', kid: key.kid })
    .sign(key.privateKey);
}

/** The claims as they are signed; for an engine that signs by itself. */
export function accessPayload(claims: AccessClaims): Record<string, unknown> {
  const { sessionId, clientId, acr, confirmation } = claims;
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
    ...(sessionId === undefined ? {} : { sid: sessionId }),
    ...(clientId === undefined ? {} : { client_id: clientId }),
    ...(acr === undefined ? {} : { acr }),
    ...(confirmation && { cnf: { [confirmation.method]: confirmation.thumbprint } }),
    lg: ledgerClaim(claims.ledger),
  };
}

/** Members that are absent are left out: there is one spelling of each token. */
function ledgerClaim(ledger: LedgerClaim): Record<string, unknown> {
  const { epoch, position, authPosition, credential } = ledger;
  const { sessionPosition, family, issuedInOutage } = ledger;
  return {
    e: epoch,
    L: position,
    a: authPosition,
    c: credential,
    ...(sessionPosition === undefined ? {} : { S: sessionPosition }),
    ...(family === undefined ? {} : { f: family }),
    ...(issuedInOutage === true ? { x: 1 } : {}),
  };
}
