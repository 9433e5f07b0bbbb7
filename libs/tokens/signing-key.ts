import {
  calculateJwkThumbprint,
  exportJWK,
  exportPKCS8,
  generateKeyPair,
  importPKCS8,
  type CryptoKey,
  type JWK,
} from 'jose';
import { Failure } from '#libs/errors/failure.js';
import { importPublicJwk, type SigningAlgorithm } from './keys.js';

export interface SigningKey {
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: CryptoKey;
  /** RFC 7517 JSON with kid, alg and use: what the ledger and JWKS publish. */
  readonly publicJwk: string;
}

/** Of new RSA keys; what verifies accepts 2048 too (NIST SP 800-131A). */
const newModulusBits = 3072;

/** A fresh key pair. RS256 has 3072 bits; making one takes a second or so, off the event loop. */
export async function generateSigningKey(algorithm: SigningAlgorithm): Promise<SigningKey> {
  const options = { extractable: true, modulusLength: newModulusBits };
  for (;;) {
    const { privateKey } = await generateKeyPair(algorithm, options);
    const key = await signingKey(algorithm, privateKey);
    // On a command line a name that starts with a dash is an option.
    if (!key.kid.startsWith('-')) return key;
  }
}

/** PKCS #8 PEM (RFC 7468) as bytes: what is sealed in the vault. */
export async function exportPrivateKey(key: SigningKey): Promise<Uint8Array> {
  return Buffer.from(await exportPKCS8(key.privateKey), 'latin1');
}

/** RFC 7517 private JWK with kid, alg and use, for an engine that signs by itself. */
export async function exportPrivateJwk(key: SigningKey): Promise<JWK> {
  const { kid, algorithm: alg, privateKey } = key;
  return { ...(await exportJWK(privateKey)), kid, alg, use: 'sig' };
}

/** Rejects MISCONFIGURED when the bytes are not a private key of this algorithm. */
export async function importPrivateKey(
  algorithm: SigningAlgorithm,
  pkcs8: Uint8Array,
): Promise<SigningKey> {
  try {
    const pem = Buffer.from(pkcs8).toString('latin1');
    return await signingKey(algorithm, await importPKCS8(pem, algorithm, { extractable: true }));
  } catch (cause) {
    throw new Failure('MISCONFIGURED', `a signing key is not one of ${algorithm}`, { cause });
  }
}

async function signingKey(algorithm: SigningAlgorithm, privateKey: CryptoKey): Promise<SigningKey> {
  const jwk = publicPart(await exportJWK(privateKey));
  const kid = await calculateJwkThumbprint(jwk, 'sha256');
  const publicJwk = JSON.stringify({ ...jwk, kid, alg: algorithm, use: 'sig' });
  // What signs here is what verifies everywhere: strength, curve and kid are judged in one place.
  importPublicJwk(publicJwk);
  return { kid, algorithm, privateKey, publicJwk };
}

/** The members of RFC 7518 section 6 and RFC 8037 that are public, and no other. */
function publicPart({ kty, crv, x, y, n, e }: JWK): JWK {
  const members = { kty, crv, x, y, n, e };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
