import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { Failure } from '#libs/errors/failure.js';

/** RFC 8725 section 3.1: the only algorithms, and each key knows its own. */
export type SigningAlgorithm = 'EdDSA' | 'ES256' | 'RS256';

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

/** `EdDSA`, `ES256` or `RS256` as such; anything else is undefined. */
export function signingAlgorithm(text: string): SigningAlgorithm | undefined {
  return Object.hasOwn(members, text) ? (text as SigningAlgorithm) : undefined;
}

/**
 * Public key from its JWK (RFC 7517). The algorithm is that of the JWK for good (RFC 8725 section
 * 3.1), and `kid` must be its thumbprint. Synchronous, as verification is: a key that appears in
 * the ledger counts for the very next token.
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
