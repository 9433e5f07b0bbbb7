import { createHmac, randomBytes } from 'node:crypto';
import { Failure } from '#libs/errors/failure.js';
import type { VaultRef } from '#libs/events/catalogue.js';
import type {
  CanonicalLoginName,
  LoginNameIndex,
} from '#services/identity/ports/login-name-index.js';
import type { SealContext, SecretStore } from '#services/identity/ports/secret-store.js';

/** Keys kept in memory at once; the oldest is forgotten first. */
const MAX_KEYS = 4096;

/** The reference to the tenant's sealed index key; `undefined` for an unknown tenant. */
export type IndexKeyOf = (tenant: string) => VaultRef | undefined;

/**
 * Login names as the ledger sees them: HMAC-SHA-256 under a key of the tenant's own, which lives in
 * the vault. Without the key a name cannot be found by guessing, and two tenants' users cannot be
 * told to be the same person.
 */
export class BlindIndexes implements LoginNameIndex {
  readonly #vault: SecretStore;
  readonly #keyOf: IndexKeyOf;
  readonly #keys = new Map<string, IndexKey>();

  constructor(vault: SecretStore, keyOf: IndexKeyOf) {
    this.#vault = vault;
    this.#keyOf = keyOf;
  }

  async createKey(tenant: string): Promise<VaultRef> {
    const bytes = randomBytes(32);
    const ref = await this.#vault.seal(bytes, contextOf(tenant));
    this.#remember(tenant, { vaultId: ref.id, bytes });
    return ref;
  }

  indexOf(tenant: string, name: CanonicalLoginName): Promise<string> {
    return this.#hmac(tenant, `${name.kind}\0${name.canonical}`);
  }

  /** Of another kind than any login name. */
  indexOfSubject(tenant: string, issuer: string, subject: string): Promise<string> {
    return this.#hmac(tenant, `SUBJECT\0${issuer}\0${subject}`);
  }

  async #hmac(tenant: string, text: string): Promise<string> {
    const key = await this.#keyFor(tenant);
    return createHmac('sha256', key).update(text, 'utf8').digest('base64url');
  }

  /** The key that the ledger names; before it names one, the key that was made for it here. */
  async #keyFor(tenant: string): Promise<Uint8Array> {
    const ref = this.#keyOf(tenant);
    const known = this.#keys.get(tenant);
    if (known !== undefined && known.vaultId === (ref?.id ?? known.vaultId)) return known.bytes;
    if (ref === undefined) throw new Failure('NOT_FOUND', 'there is no such tenant');
    const bytes = await this.#vault.open(ref, contextOf(tenant));
    if (bytes === undefined) throw new Failure('NOT_FOUND', 'the tenant has been erased');
    this.#remember(tenant, { vaultId: ref.id, bytes });
    return bytes;
  }

  #remember(tenant: string, key: IndexKey): void {
    if (this.#keys.size >= MAX_KEYS) {
      for (const oldest of this.#keys.keys()) {
        this.#keys.delete(oldest);
        break;
      }
    }
    this.#keys.set(tenant, key);
  }
}

interface IndexKey {
  readonly vaultId: string;
  readonly bytes: Uint8Array;
}

function contextOf(tenant: string): SealContext {
  return { class: 'SECRET', tenant, principal: '' };
}
