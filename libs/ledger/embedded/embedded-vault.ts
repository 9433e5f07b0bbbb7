import type { Database, RootDatabase } from 'lmdb';
import { Failure } from '#libs/errors/failure.js';
import type { Vault } from '#libs/ledger/vault.js';

/** What an erased id keeps: enough to refuse it for ever, nothing of the blob. */
const ERASED = Buffer.from([0]);
/** First byte of a stored blob. */
const PRESENT = 1;

export interface EmbeddedVaultParts {
  readonly environment: RootDatabase<Buffer, number>;
  readonly blobs: Database<Buffer, string>;
  readonly onClose: () => Promise<void>;
}

/** Vault on LMDB. `put` and `erase` resolve once the transaction is flushed to disk. */
export class EmbeddedVault implements Vault {
  readonly #parts: EmbeddedVaultParts;

  constructor(parts: EmbeddedVaultParts) {
    this.#parts = parts;
  }

  async put(id: string, blob: Uint8Array): Promise<void> {
    const { environment, blobs } = this.#parts;
    const stored = Buffer.concat([Buffer.from([PRESENT]), blob]);
    const written = await environment.childTransaction(() => {
      if (blobs.doesExist(id)) return false;
      blobs.putSync(id, stored);
      return true;
    });
    if (!written) {
      throw new Failure('ALREADY_EXISTS', 'the vault holds, or held, a blob under this id');
    }
  }

  /** Every committed blob of every process is visible at once: there is nothing to wait for. */
  async get(id: string): Promise<Uint8Array | undefined> {
    this.#parts.blobs.resetReadTxn();
    const stored = this.#parts.blobs.get(id);
    if (stored === undefined || stored[0] !== PRESENT) return undefined;
    return new Uint8Array(stored.subarray(1));
  }

  async erase(id: string): Promise<void> {
    const { environment, blobs } = this.#parts;
    await environment.childTransaction(() => blobs.putSync(id, ERASED));
  }

  async close(): Promise<void> {
    await this.#parts.onClose();
  }
}
