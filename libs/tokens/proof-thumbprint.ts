import { calculateJwkThumbprint, decodeProtectedHeader } from 'jose';

/**
 * Thumbprint (RFC 7638, SHA-256) of the key in the header of a DPoP proof (RFC 9449, section 4.2).
 * Whoever asks has verified the proof.
 *
 * @throws when there is no key in it.
 */
export function proofThumbprint(proof: string): Promise<string> {
  const { jwk } = decodeProtectedHeader(proof);
  if (jwk === undefined) throw new TypeError('a DPoP proof without a key');
  return calculateJwkThumbprint(jwk, 'sha256');
}
