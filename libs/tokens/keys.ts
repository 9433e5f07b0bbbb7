import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  hash,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';
import { Failure } from '#libs/errors/failure.js';

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

/** Members of each kind of public key that its thumbprint covers, sorted (RFC 7638 section 3.2). */
const members = {
  EdDSA: ['crv', 'kty', 'x'],
  ES256: ['crv', 'kty', 'x', 'y'],
  RS256: ['e', 'kty', 'n'],
} as const satisfies Record<SigningAlgorithm, readonly string[]>;

/** NIST SP 800-131A: fewer bits are not acceptable; new keys have more. */
const leastModulusBits = 2048;
const newModulusBits = 3072;

const generate = promisify(generateKeyPair);

/** `EdDSA`, `ES256` or `RS256` as such; anything else is undefined. */
export function signingAlgorithm(text: string): SigningAlgorithm | undefined {
  return Object.hasOwn(members, text) ? (text as SigningAlgorithm) : undefined;
}

/** A fresh key pair. RS256 has 3072 bits; making one takes a second or so, off the event loop. */
export async function generateSigningKey(algorithm: SigningAlgorithm): Promise<SigningKey> {
  return signingKey(algorithm, await generatePrivateKey(algorithm));
}

/** PKCS #8 DER: what is sealed in the vault. */
export function exportPrivateKey(key: SigningKey): Uint8Array {
  return key.privateKey.export({ type: 'pkcs8', format: 'der' });
}

/** @throws Failure MISCONFIGURED when the bytes are not a private key of this algorithm. */
export function importPrivateKey(algorithm: SigningAlgorithm, pkcs8: Uint8Array): SigningKey {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key: Buffer.from(pkcs8), type: 'pkcs8', format: 'der' });
  } catch (cause) {
    throw new Failure('MISCONFIGURED', 'a signing key cannot be read', { cause });
  }
  if (!fits(algorithm, privateKey)) {
    throw new Failure('MISCONFIGURED', `a signing key is not of algorithm ${algorithm}`);
  }
  return signingKey(algorithm, privateKey);
}

/**
 * Public key from its JWK (RFC 7517). The algorithm is that of the JWK for good (RFC 8725 section
 * 3.1), and `kid` must be its thumbprint.
 *
 * @throws Failure INVALID_ARGUMENT: not JSON, private, wrong kty, alg, curve, size or kid.
 */
export function importPublicJwk(jwk: string): VerificationKey {
  const fields = parseJwk(jwk);
  const algorithm = signingAlgorithm(typeof fields['alg'] === 'string' ? fields['alg'] : '');
  if (algorithm === undefined) throw refused('alg must be EdDSA, ES256 or RS256');
  if ('d' in fields || 'k' in fields) throw refused('it is not a public key');
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey({ key: fields, format: 'jwk' });
  } catch {
    throw refused('it cannot be read');
  }
  if (!fits(algorithm, publicKey)) throw refused(`the key does not fit alg ${algorithm}`);
  const kid = thumbprint(algorithm, publicKey);
  if (fields['kid'] !== kid) throw refused('kid is not its thumbprint (RFC 7638)');
  return { kid, algorithm, publicKey };
}

/** RFC 7517 section 5 set of public JWKs (each as `SigningKey.publicJwk`), in the order given. */
export function toJwks(publicJwks: readonly string[]): string {
  return JSON.stringify({ keys: publicJwks.map(parseJwk) });
}

async function generatePrivateKey(algorithm: SigningAlgorithm): Promise<KeyObject> {
  switch (algorithm) {
    case 'EdDSA':
      return (await generate('ed25519')).privateKey;
    case 'ES256':
      return (await generate('ec', { namedCurve: 'P-256' })).privateKey;
    case 'RS256':
      return (await generate('rsa', { modulusLength: newModulusBits })).privateKey;
  }
}

function signingKey(algorithm: SigningAlgorithm, privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey);
  const kid = thumbprint(algorithm, publicKey);
  const jwk = publicKey.export({ format: 'jwk' });
  const publicJwk = JSON.stringify({ ...jwk, kid, alg: algorithm, use: 'sig' });
  return { kid, algorithm, privateKey, publicJwk };
}

function fits(algorithm: SigningAlgorithm, key: KeyObject): boolean {
  const details = key.asymmetricKeyDetails ?? {};
  switch (algorithm) {
    case 'EdDSA':
      return key.asymmetricKeyType === 'ed25519';
    case 'ES256':
      return key.asymmetricKeyType === 'ec' && details.namedCurve === 'prime256v1';
    case 'RS256':
      return (
        key.asymmetricKeyType === 'rsa' &&
        (details.modulusLength ?? 0) >= leastModulusBits &&
        details.publicExponent === 65_537n
      );
  }
}

function thumbprint(algorithm: SigningAlgorithm, publicKey: KeyObject): string {
  const jwk = publicKey.export({ format: 'jwk' });
  const canonical = members[algorithm].map((name) => [name, jwk[name]]);
  return hash('sha256', JSON.stringify(Object.fromEntries(canonical)), 'base64url');
}

function parseJwk(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Refused below, like every other thing that is not an object.
  }
  throw refused('it is not a JSON object');
}

function refused(why: string): Failure {
  return new Failure('INVALID_ARGUMENT', `public key refused: ${why}`);
}
