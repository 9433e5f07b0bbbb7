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
  readonly #keys = new Map<string, Uint8Array>();

  constructor(vault: SecretStore, keyOf: IndexKeyOf) {
    this.#vault = vault;
    this.#keyOf = keyOf;
  }

  async createKey(tenant: string): Promise<VaultRef> {
    const key = randomBytes(32);
    const ref = await this.#vault.seal(key, contextOf(tenant));
    this.#remember(tenant, key);
    return ref;
  }

  async indexOf(tenant: string, name: CanonicalLoginName): Promise<string> {
    const key = this.#keys.get(tenant) ?? (await this.#load(tenant));
    return createHmac('sha256', key)
      .update(`${name.kind}\0${name.canonical}`, 'utf8')
      .digest('base64url');
  }

  forget(tenant: string): void {
    this.#keys.delete(tenant);
  }

  async #load(tenant: string): Promise<Uint8Array> {
    const ref = this.#keyOf(tenant);
    if (ref === undefined) throw new Failure('NOT_FOUND', 'there is no such tenant');
    const key = await this.#vault.open(ref, contextOf(tenant));
    if (key === undefined) throw new Failure('NOT_FOUND', 'the tenant has been erased');
    this.#remember(tenant, key);
    return key;
  }

  #remember(tenant: string, key: Uint8Array): void {
    if (this.#keys.size >= MAX_KEYS) {
      for (const oldest of this.#keys.keys()) {
        this.#keys.delete(oldest);
        break;
      }
    }
    this.#keys.set(tenant, key);
  }
}

function contextOf(tenant: string): SealContext {
  return { class: 'SECRET', tenant, principal: '' };
}
