import { createHash } from 'node:crypto';
import { Failure } from '#libs/errors/failure.js';
import type { VaultRef } from '#libs/events/catalogue.js';
import type { Vault } from '#libs/ledger/vault.js';
import type { Ids } from '#libs/runtime/ids.js';
import { SealBroken, type MasterKeys } from '#libs/runtime/master-keys.js';
import type { SealContext, SecretStore } from '#services/identity/ports/secret-store.js';

/**
 * Blobs sealed under the master keys, in the vault, each under a random id. The reference holds the
 * hash of the sealed bytes: what the ledger names cannot be exchanged, not even by who has the keys.
 */
export class SealedVault implements SecretStore {
  readonly #vault: Vault;
  readonly #keys: MasterKeys;
  readonly #ids: Ids;

  constructor(vault: Vault, keys: MasterKeys, ids: Ids) {
    this.#vault = vault;
    this.#keys = keys;
    this.#ids = ids;
  }

  async seal(bytes: Uint8Array, context: SealContext): Promise<VaultRef> {
    const vaultId = this.#ids.opaque();
    const blob = this.#keys.seal(bytes, { vaultId, ...context });
    await this.#vault.put(vaultId, blob);
    return { id: vaultId, sha256: sha256(blob) };
  }

  async open(ref: VaultRef, context: SealContext): Promise<Uint8Array | undefined> {
    const blob = await this.#vault.get(ref.id);
    if (blob === undefined) return undefined;
    if (sha256(blob) !== ref.sha256) {
      throw new Failure('INTERNAL', `vault blob ${ref.id} is not the one that was recorded`);
    }
    try {
      return this.#keys.open(blob, { vaultId: ref.id, ...context });
    } catch (cause) {
      if (!(cause instanceof SealBroken)) throw cause;
      throw new Failure('INTERNAL', `vault blob ${ref.id} does not open`, { cause });
    }
  }

  sealJson(value: unknown, context: SealContext): Promise<VaultRef> {
    return this.seal(Buffer.from(JSON.stringify(value), 'utf8'), context);
  }

  async openJson(ref: VaultRef, context: SealContext): Promise<unknown> {
    const bytes = await this.open(ref, context);
    return bytes === undefined ? undefined : JSON.parse(Buffer.from(bytes).toString('utf8'));
  }

  async erase(ref: VaultRef): Promise<void> {
    await this.#vault.erase(ref.id);
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
