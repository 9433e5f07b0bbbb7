import type { KeyObject } from 'node:crypto';

/** RFC 8725 section 3.1: the only algorithms, and each key knows its own. */
export type SigningAlgorithm = 'EdDSA' | 'ES256' | 'RS256';

export interface SigningKey {
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: KeyObject;
  /** RFC 7517 JSON with kid, alg and use: what the ledger and JWKS publish. */
  readonly publicJwk: string;
}

export interface VerificationKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicKey: KeyObject;
}

/** A fresh key pair. RS256 has 3072 bits. */
export function generateSigningKey(_algorithm: SigningAlgorithm): Promise<SigningKey> {
  throw new Error('being written');
}

/** PKCS #8 DER: what is sealed in the vault. */
export function exportPrivateKey(_key: SigningKey): Uint8Array {
  throw new Error('being written');
}

/** @throws Failure MISCONFIGURED when the key is not of this algorithm. */
export function importPrivateKey(_algorithm: SigningAlgorithm, _pkcs8: Uint8Array): SigningKey {
  throw new Error('being written');
}

/** Public key from a JWK. @throws Failure INVALID_ARGUMENT: wrong kty, alg, curve, size or kid. */
export function importPublicJwk(_jwk: string): VerificationKey {
  throw new Error('being written');
}

/** RFC 7517 set of public JWKs (as `SigningKey.publicJwk`), oldest first. */
export function toJwks(_publicJwks: readonly string[]): string {
  throw new Error('being written');
}
