import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { Failure } from '#libs/errors/failure.js';
import type { VaultRef } from '#libs/events/catalogue.js';
import type { Vault } from '#libs/ledger/vault.js';
import type { SealClass, SealContext, SecretStore } from '#services/identity/ports/secret-store.js';

const FORMAT = 1;
const KEY_ID_LENGTH = 4;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
const HEADER_LENGTH = 1 + KEY_ID_LENGTH + NONCE_LENGTH;

/**
 * Seals blobs with AES-256-GCM under keys derived from the master key, and keeps them in the vault.
 * A blob is `format ‖ master key id ‖ nonce ‖ ciphertext ‖ tag`; the associated data is vault id,
 * class, tenant and principal, each with its length, so that a blob cannot be moved to another place.
 */
export class SealedVault implements SecretStore {
  readonly #vault: Vault;
  readonly #keys: Readonly<Record<SealClass, Uint8Array>>;
  readonly #keyId: Buffer;

  /** `masterKey`: 32 random bytes. */
  constructor(vault: Vault, masterKey: Uint8Array) {
    if (masterKey.byteLength !== 32) {
      throw new Failure('MISCONFIGURED', 'the master key must have 32 bytes');
    }
    this.#vault = vault;
    this.#keys = { PROFILE: derive(masterKey, 'PROFILE'), SECRET: derive(masterKey, 'SECRET') };
    this.#keyId = Buffer.from(derive(masterKey, 'id')).subarray(0, KEY_ID_LENGTH);
  }

  async seal(bytes: Uint8Array, context: SealContext): Promise<VaultRef> {
    const id = randomBytes(18).toString('base64url');
    const nonce = randomBytes(NONCE_LENGTH);
    const cipher = createCipheriv('aes-256-gcm', this.#keys[context.sealClass], nonce);
    cipher.setAAD(associatedData(id, context));
    const blob = Buffer.concat([
      Buffer.from([FORMAT]),
      this.#keyId,
      nonce,
      cipher.update(bytes),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    await this.#vault.put(id, blob);
    return { id, sha256: createHash('sha256').update(blob).digest('base64url') };
  }

  async open(ref: VaultRef, context: SealContext): Promise<Uint8Array | undefined> {
    const blob = await this.#vault.get(ref.id);
    if (blob === undefined) return undefined;
    if (createHash('sha256').update(blob).digest('base64url') !== ref.sha256) {
      throw new Failure('INTERNAL', `vault blob ${ref.id} is not the one that was recorded`);
    }
    return this.#unseal(Buffer.from(blob), ref.id, context);
  }

  async sealJson(value: unknown, context: SealContext): Promise<VaultRef> {
    return this.seal(Buffer.from(JSON.stringify(value), 'utf8'), context);
  }

  async openJson(ref: VaultRef, context: SealContext): Promise<unknown> {
    const bytes = await this.open(ref, context);
    return bytes === undefined ? undefined : JSON.parse(Buffer.from(bytes).toString('utf8'));
  }

  async erase(ref: VaultRef): Promise<void> {
    await this.#vault.erase(ref.id);
  }

  #unseal(blob: Buffer, id: string, context: SealContext): Uint8Array {
    if (blob.length < HEADER_LENGTH + TAG_LENGTH || blob[0] !== FORMAT) {
      throw new Failure('NEEDS_NEWER_BUILD', `vault blob ${id} has an unknown format`);
    }
    if (!blob.subarray(1, 1 + KEY_ID_LENGTH).equals(this.#keyId)) {
      throw new Failure('MISCONFIGURED', 'the vault was sealed under another master key');
    }
    const nonce = blob.subarray(1 + KEY_ID_LENGTH, HEADER_LENGTH);
    const decipher = createDecipheriv('aes-256-gcm', this.#keys[context.sealClass], nonce);
    decipher.setAAD(associatedData(id, context));
    decipher.setAuthTag(blob.subarray(blob.length - TAG_LENGTH));
    try {
      const sealed = blob.subarray(HEADER_LENGTH, blob.length - TAG_LENGTH);
      return Buffer.concat([decipher.update(sealed), decipher.final()]);
    } catch (cause) {
      throw new Failure('INTERNAL', `vault blob ${id} does not open in this place`, { cause });
    }
  }
}

function derive(masterKey: Uint8Array, purpose: string): Uint8Array {
  const info = `ledgate/vault/${purpose}/1`;
  return new Uint8Array(hkdfSync('sha256', masterKey, new Uint8Array(0), info, 32));
}

function associatedData(id: string, context: SealContext): Buffer {
  const parts = [id, context.sealClass, context.tenant, context.principal];
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
