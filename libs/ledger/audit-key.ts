import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/** In front of a seed: its PKCS #8 form (RFC 8410, section 7). */
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');
/** In front of a raw public key: its SubjectPublicKeyInfo (RFC 8410, section 4). */
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** Raw Ed25519 public key, 32 bytes, of a seed of 32 bytes (RFC 8032). */
export function auditPublicKey(seed: Uint8Array): Uint8Array {
  const jwk = createPublicKey(privateKeyOf(seed)).export({ format: 'jwk' });
  return Buffer.from(jwk.x ?? '', 'base64url');
}

/** Ed25519 signature, 64 bytes. Throws RangeError on a seed of another length. */
export function auditSignature(statement: Uint8Array, seed: Uint8Array): Uint8Array {
  return sign(null, statement, privateKeyOf(seed));
}

/** Whether the holder of the key signed it; false also for a key or signature of a wrong length. */
export function isAuditSignature(
  statement: Uint8Array,
  signature: Uint8Array,
  publicKey: Uint8Array,
): boolean {
  if (signature.length !== 64 || publicKey.length !== 32) return false;
  try {
    const der = Buffer.concat([publicPrefix, publicKey]);
    const key = createPublicKey({ key: der, type: 'spki', format: 'der' });
    return verify(null, statement, key, signature);
  } catch {
    return false;
  }
}

function privateKeyOf(seed: Uint8Array): KeyObject {
  if (seed.length !== 32) throw new RangeError('an Ed25519 seed has 32 bytes');
  const der = Buffer.concat([privatePrefix, seed]);
  return createPrivateKey({ key: der, type: 'pkcs8', format: 'der' });
}
