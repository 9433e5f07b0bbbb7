import type { SigningAlgorithm, VaultRef } from '#libs/events/catalogue.js';
import { Failure } from '#libs/errors/failure.js';
import { systemTenant } from '#libs/events/envelope.js';
import {
  exportPrivateKey,
  generateSigningKey,
  importPrivateKey,
  type SigningKey,
} from '#libs/tokens/signing-key.js';
import type { SealContext, SecretStore } from '#services/identity/ports/secret-store.js';

/** A key as the ledger names it. */
export interface StoredSigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: VaultRef;
}

/** The key that signs now, or `undefined` while there is none. */
export type ActiveKeyOf = () => StoredSigningKey | undefined;

const context: SealContext = { class: 'SIGNING_KEY', tenant: systemTenant, principal: '' };

/** Makes signing keys, keeps their private halves sealed, and holds the active one ready. */
export class SigningKeys {
  readonly #secrets: SecretStore;
  readonly #activeKeyOf: ActiveKeyOf;
  #ready: { readonly kid: string; readonly key: Promise<SigningKey> } | undefined;

  constructor(secrets: SecretStore, activeKeyOf: ActiveKeyOf) {
    this.#secrets = secrets;
    this.#activeKeyOf = activeKeyOf;
  }

  /** A new key pair; the private half is durable in the vault when this resolves. */
  async create(
    algorithm: SigningAlgorithm,
  ): Promise<StoredSigningKey & { readonly publicJwk: string }> {
    const key = await generateSigningKey(algorithm);
    const privateKey = await this.#secrets.seal(await exportPrivateKey(key), context);
    return { kid: key.kid, algorithm, privateKey, publicJwk: key.publicJwk };
  }

  /** Rejects NOT_READY while no key is active. */
  async active(): Promise<SigningKey> {
    const stored = this.#activeKeyOf();
    if (stored === undefined) {
      throw new Failure('NOT_READY', 'there is no active signing key; rotate the signing key');
    }
    if (this.#ready?.kid !== stored.kid) {
      const key = this.open(stored);
      this.#ready = { kid: stored.kid, key };
      key.catch(() => {
        this.#ready = undefined;
      });
    }
    return this.#ready.key;
  }

  /** The private half from the vault. Rejects MISCONFIGURED when it is not there. */
  async open({ algorithm, kid, privateKey }: StoredSigningKey): Promise<SigningKey> {
    const pkcs8 = await this.#secrets.open(privateKey, context);
    if (pkcs8 === undefined) {
      throw new Failure('MISCONFIGURED', `the private key of ${kid} is not in the vault`);
    }
    return importPrivateKey(algorithm, pkcs8);
  }
}
