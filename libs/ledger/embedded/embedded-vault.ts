import type { Database, RootDatabase } from 'lmdb';
import { Failure } from '#libs/errors/failure.js';
import type { Clock } from '#libs/runtime/clock.js';
import { listBlobs } from '#libs/ledger/embedded/list-blobs.js';
import {
  blobOf,
  erasedAtMsOf,
  storedBlob,
  storedErasure,
} from '#libs/ledger/embedded/stored-blob.js';
import type { Vault, VaultEntry } from '#libs/ledger/vault.js';

export interface EmbeddedVaultParts {
  readonly environment: RootDatabase<Buffer, number>;
  readonly blobs: Database<Buffer, string>;
  readonly clock: Clock;
  readonly onClose: () => Promise<void>;
}

/** Vault on LMDB. `put` and `erase` resolve once the transaction is flushed to disk. */
export class EmbeddedVault implements Vault {
  /** Nothing waits for compaction; what LMDB leaves in free pages is in docs/operations.md. */
  readonly goneAfterMs = 0;
  readonly #parts: EmbeddedVaultParts;

  constructor(parts: EmbeddedVaultParts) {
    this.#parts = parts;
  }

  async put(id: string, blob: Uint8Array): Promise<void> {
    const { environment, blobs, clock } = this.#parts;
    const written = await environment.childTransaction(() => {
      if (blobs.doesExist(id)) return false;
      // Inside the transaction, of which there is one at a time: no entry is older than it says.
      blobs.putSync(id, storedBlob(blob, clock.wallMs()));
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
    return stored === undefined ? undefined : blobOf(stored);
  }

  async erase(id: string): Promise<void> {
    const { environment, blobs, clock } = this.#parts;
    await environment.childTransaction(() => {
      const stored = blobs.get(id);
      if (stored !== undefined && erasedAtMsOf(stored) !== undefined) return;
      blobs.putSync(id, storedErasure(clock.wallMs()));
    });
  }

  async erasedAt(id: string): Promise<number | undefined> {
    this.#parts.blobs.resetReadTxn();
    const stored = this.#parts.blobs.get(id);
    return stored === undefined ? 0 : erasedAtMsOf(stored);
  }

  list(): AsyncIterable<VaultEntry> {
    return listBlobs(this.#parts.blobs);
  }

  async close(): Promise<void> {
    await this.#parts.onClose();
  }
}
