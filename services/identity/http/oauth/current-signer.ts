import { TokenSigner } from '#libs/tokens/token-signer.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';

/** What holds the active key of the issuer. */
type Keys = Pick<IdentityParts, 'ledger' | 'signingKeys'>;

/** The key that signs now; looked at again whenever ledger L has moved. */
export class CurrentSigner {
  readonly #keys: Keys;
  /** Position of L up to which the key was looked at. */
  #lookedAt = -1;
  #signer: TokenSigner | undefined;

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  /** A promise only where L has moved. Rejects NOT_READY while no key is active. */
  get(): TokenSigner | Promise<TokenSigner> {
    const { position } = this.#keys.ledger.reader;
    if (this.#signer !== undefined && position === this.#lookedAt) return this.#signer;
    return this.#look(position);
  }

  async #look(position: number): Promise<TokenSigner> {
    const key = await this.#keys.signingKeys.active();
    if (this.#signer?.kid !== key.kid) this.#signer = new TokenSigner(key);
    this.#lookedAt = position;
    return this.#signer;
  }
}
