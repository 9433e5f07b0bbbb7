import { mkdirSync } from 'node:fs';
import type { Database, RootDatabase } from 'lmdb';
import { open } from 'lmdb';
import { listBlobs } from '#libs/ledger/embedded/list-blobs.js';
import {
  blobOf,
  erasedAtMsOf,
  storedBlob,
  storedErasure,
} from '#libs/ledger/embedded/stored-blob.js';
import type { VaultEntry } from '#libs/ledger/vault.js';

/** How far the cache has followed its source. */
export interface CacheProgress {
  /** Identity of the source (the topic's id): another one makes the whole cache worthless. */
  readonly source: string;
  /** Position after the last entry that was applied. */
  readonly next: number;
  /** When the cache last had everything, ms since the Unix epoch. */
  readonly caughtUpAtMs: number;
}

/** An entry of the source: `null` erases the id. */
export interface CacheEntry {
  readonly id: string;
  readonly blob: Uint8Array | null;
  /** When the source took it, ms since the Unix epoch. */
  readonly putAtMs: number;
}

export type CachedBlob = Uint8Array | 'erased' | undefined;

/** The version of what is stored: a copy of another one is no use, and is made anew. */
const PROGRESS = 'progress of timed blobs';

/**
 * Local copy of a stream of write-once blobs, in LMDB. Deletable at any time. Blobs and progress
 * change in one transaction: a killed process leaves a shorter copy, never a wrong one.
 */
export class BlobCache {
  readonly #environment: RootDatabase<Buffer, string>;
  readonly #blobs: Database<Buffer, string>;
  readonly #progress: Database<CacheProgress, string>;

  constructor(directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const options = { noSubdir: false, encoding: 'binary', overlappingSync: false } as const;
    this.#environment = open({ path: directory, ...options });
    this.#blobs = this.#environment.openDB({ name: 'blobs', encoding: 'binary' });
    this.#progress = this.#environment.openDB({ name: 'progress', encoding: 'json' });
    if (this.progress() === undefined) this.#clearAll();
  }

  progress(): CacheProgress | undefined {
    return this.#progress.get(PROGRESS);
  }

  get(id: string): CachedBlob {
    const stored = this.#blobs.get(id);
    if (stored === undefined) return undefined;
    return blobOf(stored) ?? 'erased';
  }

  /** ms since the Unix epoch, 0 for one that is not known; `undefined`: the blob is there. */
  erasedAt(id: string): number | undefined {
    const stored = this.#blobs.get(id);
    return stored === undefined ? 0 : erasedAtMsOf(stored);
  }

  list(): AsyncIterable<VaultEntry> {
    return listBlobs(this.#blobs);
  }

  /**
   * Applies the entries in order and remembers the progress. The first blob of an id stays, and an
   * erased id stays erased.
   */
  async apply(entries: readonly CacheEntry[], progress: CacheProgress): Promise<void> {
    await this.#environment.childTransaction(() => {
      for (const { id, blob, putAtMs } of entries) {
        if (blob === null) {
          if (!this.erasedAt(id)) this.#blobs.putSync(id, storedErasure(putAtMs));
        } else if (!this.#blobs.doesExist(id)) this.#blobs.putSync(id, storedBlob(blob, putAtMs));
      }
      this.#progress.putSync(PROGRESS, progress);
    });
  }

  /** Forgets everything. */
  async clear(): Promise<void> {
    await this.#environment.childTransaction(() => this.#clearAll());
  }

  #clearAll(): void {
    this.#blobs.clearSync();
    this.#progress.clearSync();
  }

  async close(): Promise<void> {
    await this.#environment.close();
  }
}
