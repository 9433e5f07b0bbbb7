import { Failure } from '#libs/errors/failure.js';
import type { Vault } from '../vault.js';

/** A vault in memory. `blobs` is what the store holds: several handles may share it. */
export class SimulatedVault implements Vault {
  readonly #blobs: Map<string, Uint8Array | null>;

  constructor(blobs: Map<string, Uint8Array | null> = new Map()) {
    this.#blobs = blobs;
  }

  put(id: string, blob: Uint8Array): Promise<void> {
    if (this.#blobs.has(id)) {
      const message = 'the vault holds, or held, a blob under this id';
      return Promise.reject(new Failure('ALREADY_EXISTS', message));
    }
    this.#blobs.set(id, Uint8Array.from(blob));
    return Promise.resolve();
  }

  get(id: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#blobs.get(id) ?? undefined);
  }

  erase(id: string): Promise<void> {
    this.#blobs.set(id, null);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
