import { sign } from 'node:crypto';
import type { AccessClaims } from './access-claims.js';
import type { SigningKey } from './keys.js';

/** Compact JWS, `typ: at+jwt` (RFC 9068 section 2.1), kid in the header. Deterministic but for ES256. */
export function signAccessToken(key: SigningKey, claims: AccessClaims): string {
  const header = { alg: key.algorithm, typ: 'at+jwt', kid: key.kid };
  const input = `${encode(header)}.${encode(toPayload(claims))}`;
  return `${input}.${signatureOf(key, Buffer.from(input, 'latin1')).toString('base64url')}`;
}

function toPayload(claims: AccessClaims): Record<string, unknown> {
  const { epoch, position, authPosition } = claims.ledger;
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
    lg: { e: epoch, L: position, a: authPosition },
  };
}

function signatureOf(key: SigningKey, input: Uint8Array): Buffer {
  switch (key.algorithm) {
    case 'EdDSA':
      return sign(null, input, key.privateKey);
    case 'ES256':
      return sign('sha256', input, { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
    case 'RS256':
      return sign('sha256', input, key.privateKey);
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
