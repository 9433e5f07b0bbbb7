import { Failure } from '#libs/errors/failure.js';
import { systemClock, type Clock } from '#libs/runtime/clock.js';
import type { Vault, VaultEntry } from '../vault.js';

/** By the copy that `put` made: handles that share their blobs share these, too. */
const putAtMs = new WeakMap<Uint8Array, number>();

/** A vault in memory. `blobs` is what the store holds: several handles may share it. */
export class SimulatedVault implements Vault {
  readonly #blobs: Map<string, Uint8Array | null>;
  readonly #clock: Pick<Clock, 'wallMs'>;

  constructor(blobs: Map<string, Uint8Array | null> = new Map(), clock: Clock = systemClock) {
    this.#blobs = blobs;
    this.#clock = clock;
  }

  put(id: string, blob: Uint8Array): Promise<void> {
    if (this.#blobs.has(id)) {
      const message = 'the vault holds, or held, a blob under this id';
      return Promise.reject(new Failure('ALREADY_EXISTS', message));
    }
    const kept = Uint8Array.from(blob);
    putAtMs.set(kept, this.#clock.wallMs());
    this.#blobs.set(id, kept);
    return Promise.resolve();
  }

  get(id: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#blobs.get(id) ?? undefined);
  }

  erase(id: string): Promise<void> {
    this.#blobs.set(id, null);
    return Promise.resolve();
  }

  async *list(): AsyncIterable<VaultEntry> {
    await Promise.resolve();
    for (const id of [...this.#blobs.keys()].toSorted()) {
      const blob = this.#blobs.get(id);
      if (blob) yield { id, putAtMs: putAtMs.get(blob) ?? 0 };
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
