import { KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { SigningKey } from './signing-key.js';

const signElsewhere = promisify(sign);

/** What the `typ` of a token says; `''`: nothing. */
export type TokenType = 'at+jwt' | '';

/**
 * Signs with one key, at once where that is quick: an Ed25519 signature takes less than the way to
 * another thread and back. One of RSA takes long enough to hold everybody else up, and goes there.
 */
export class TokenSigner {
  readonly kid: string;
  readonly #key: SigningKey;
  readonly #private: KeyObject;
  /** JWS headers, encoded and with the dot that follows. */
  readonly #headers = new Map<TokenType, string>();

  constructor(key: SigningKey) {
    this.kid = key.kid;
    this.#key = key;
    this.#private = KeyObject.from(key.privateKey);
  }

  /** Compact JWS (RFC 7515, section 3.1), with the key's `kid` in the header. */
  sign(typ: TokenType, payload: object): string | Promise<string> {
    const encoded = Buffer.from(JSON.stringify(payload), 'utf8').toString('base64url');
    const text = this.#header(typ) + encoded;
    const input = Buffer.from(text, 'latin1');
    switch (this.#key.algorithm) {
      case 'EdDSA':
        return joined(text, sign(null, input, this.#private));
      case 'ES256':
        // RFC 7518, section 3.4: R and S, not their DER.
        return joined(
          text,
          sign('sha256', input, { key: this.#private, dsaEncoding: 'ieee-p1363' }),
        );
      case 'RS256':
        return signElsewhere('sha256', input, this.#private).then((made) => joined(text, made));
    }
  }

  #header(typ: TokenType): string {
    const known = this.#headers.get(typ);
    if (known !== undefined) return known;
    const { algorithm: alg, kid } = this.#key;
    const header = JSON.stringify(typ === '' ? { alg, kid } : { alg, typ, kid });
    const made = `${Buffer.from(header, 'utf8').toString('base64url')}.`;
    this.#headers.set(typ, made);
    return made;
  }
}

function joined(text: string, signature: Buffer): string {
  return `${text}.${signature.toString('base64url')}`;
}
