import { Failure } from '#libs/errors/failure.js';
import { systemClock, type Clock } from '#libs/runtime/clock.js';
import type { Vault, VaultEntry } from '../vault.js';

/** By the copy that `put` made: handles that share their blobs share these, too. */
const putAtMs = new WeakMap<Uint8Array, number>();

/** By the map of blobs: handles that share it share these, too. */
const erasedAtMs = new WeakMap<object, Map<string, number>>();

/** A vault in memory. `blobs` is what the store holds: several handles may share it. */
export class SimulatedVault implements Vault {
  readonly goneAfterMs = 0;
  readonly #blobs: Map<string, Uint8Array | null>;
  readonly #erasedAtMs: Map<string, number>;
  readonly #clock: Pick<Clock, 'wallMs'>;

  constructor(blobs: Map<string, Uint8Array | null> = new Map(), clock: Clock = systemClock) {
    this.#blobs = blobs;
    this.#clock = clock;
    this.#erasedAtMs = erasedAtMs.get(blobs) ?? new Map<string, number>();
    erasedAtMs.set(blobs, this.#erasedAtMs);
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
    if (!this.#erasedAtMs.has(id)) this.#erasedAtMs.set(id, this.#clock.wallMs());
    this.#blobs.set(id, null);
    return Promise.resolve();
  }

  erasedAt(id: string): Promise<number | undefined> {
    return Promise.resolve(this.#blobs.get(id) ? undefined : (this.#erasedAtMs.get(id) ?? 0));
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
