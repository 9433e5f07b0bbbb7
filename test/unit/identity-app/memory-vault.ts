import { Failure } from '#libs/errors/failure.js';
import type { Vault, VaultEntry } from '#libs/ledger/vault.js';

/** A vault in memory: write-once, erasable; the blobs lie open to the test. */
export class MemoryVault implements Vault {
  readonly blobs = new Map<string, Uint8Array | undefined>();

  async put(id: string, blob: Uint8Array): Promise<void> {
    if (this.blobs.has(id)) throw new Failure('ALREADY_EXISTS', 'taken');
    this.blobs.set(id, Uint8Array.from(blob));
  }
  async get(id: string): Promise<Uint8Array | undefined> {
    return this.blobs.get(id);
  }
  async erase(id: string): Promise<void> {
    this.blobs.set(id, undefined);
  }
  async *list(): AsyncIterable<VaultEntry> {
    for (const [id, blob] of this.blobs) if (blob) yield { id, putAtMs: 0 };
  }
  async erasedAt(id: string): Promise<number | undefined> {
    return this.blobs.get(id) === undefined ? 0 : undefined;
  }
  readonly goneAfterMs = 0;
  async close(): Promise<void> {}
}
