import type { VaultRef } from '#libs/events/catalogue.js';

/**
 * What a blob belongs to: it opens in this context only. PROFILE: personal data; SECRET: hashes and
 * index keys; each class has a key of its own. `principal` is `''` for a tenant's own.
 */
export interface SealContext {
  readonly class: 'PROFILE' | 'SECRET' | 'SIGNING_KEY';
  readonly tenant: string;
  readonly principal: string;
}

/** Sealed, write-once, erasable values. The ledger holds the references only. */
export interface SecretStore {
  /** Durable once resolved; only then may a record name it. */
  seal(bytes: Uint8Array, context: SealContext): Promise<VaultRef>;
  /**
   * `undefined` when the blob was erased. Rejects INTERNAL when it was exchanged, belongs to another
   * context, or was sealed under a master key that is not here.
   */
  open(ref: VaultRef, context: SealContext): Promise<Uint8Array | undefined>;
  sealJson(value: unknown, context: SealContext): Promise<VaultRef>;
  /** The caller checks the shape: what an older build sealed may have fewer fields. */
  openJson(ref: VaultRef, context: SealContext): Promise<unknown>;
  erase(ref: Pick<VaultRef, 'id'>): Promise<void>;
}
