import type { Secret } from './secret.js';

/** Classes of sealed things; each has a key of its own. */
export type SecretClass = 'PROFILE' | 'SECRET' | 'SIGNING_KEY';

/** What a blob is bound to: opening it as anything else fails. Empty strings are allowed. */
export interface SealedFor {
  readonly vaultId: string;
  readonly class: SecretClass;
  readonly tenant: string;
  readonly principal: string;
}

/** The blob was changed, is bound to something else, or its master key is not here. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}

/**
 * The master keys of a cell, by version: the highest seals, all open. HKDF-SHA-256 gives one key
 * per class (RFC 5869), AES-256-GCM seals (NIST SP 800-38D).
 */
export class MasterKeys {
  /** `<version>:<base64 or hex of 32 bytes>`, comma separated; a bare key is version 1. */
  static parse(_text: Secret): MasterKeys {
    throw new Error('being written');
  }
  /** Version that seals: 1 to 255. */
  readonly version: number = 1;

  /** Seals; the blob says which key version it needs. */
  seal(_plain: Uint8Array, _bound: SealedFor): Uint8Array {
    throw new Error('being written');
  }
  /** @throws SealBroken */
  open(_blob: Uint8Array, _bound: SealedFor): Uint8Array {
    throw new Error('being written');
  }
  /** True when the blob was sealed under an older version: seal it again. */
  isOutdated(_blob: Uint8Array): boolean {
    throw new Error('being written');
  }
  /** 16 hex digits that identify a key without telling it; GENESIS keeps them. */
  checkValue(_version?: number): string {
    throw new Error('being written');
  }
  /** 32 bytes for another purpose (page tokens, links), from the newest key. */
  derive(_purpose: string): Uint8Array {
    throw new Error('being written');
  }
}
