import { Failure } from '#libs/errors/failure.js';
import type { Vault } from '#libs/ledger/vault.js';

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
  async close(): Promise<void> {}
}
