import type { AccessClaims } from './access-claims.js';
import type { SigningKey } from './keys.js';

/** Compact JWS, `typ: at+jwt`, kid in the header. */
export function signAccessToken(_key: SigningKey, _claims: AccessClaims): string {
  throw new Error('being written');
}
