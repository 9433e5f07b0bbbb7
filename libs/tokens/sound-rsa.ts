import type { KeyObject } from 'node:crypto';

const leastModulusBits = 2_048;
const mostModulusBits = 8_192;
const leastExponent = 3n;
const mostExponent = 2n ** 32n;

/**
 * Whether this is an RSA key that proves something (NIST SP 800-131A: 2,048 bits; an exponent of 1
 * signs everything), and takes no more than a moment to verify with: with the exponent of a stranger it
 * could take as long as a signature does (CWE-400).
 */
export function isSoundRsa({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType !== 'rsa') return false;
  if (modulusLength < leastModulusBits || modulusLength > mostModulusBits) return false;
  return publicExponent >= leastExponent && publicExponent <= mostExponent;
}
