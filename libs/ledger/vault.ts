/** A blob that is there. */
export interface VaultEntry {
  readonly id: string;
  /**
   * When the store took the blob, ms since the Unix epoch by the store's clock; 0 for one that a build
   * has put which kept no times.
   */
  readonly putAtMs: number;
}

/**
 * Where sealed blobs live: write-once values under random ids, erasable one by one.
 *
 * Promises (the contract suite's titles begin with these numbers):
 *  V1 Once `put` resolves the blob is durable and `get` returns it, byte-identical.
 *  V2 `get` of an id that was never put, or was erased, returns `undefined`.
 *  V3 A second `put` under the same id, or one under an erased id, is refused (ALREADY_EXISTS); the
 *     first blob stays.
 *  V4 Once `erase` resolves, `get` returns `undefined` for ever, also after a restart.
 *  V5 What one instance has put, every other instance can get after at most `timeoutMs`.
 *  V6 What cannot be known is never guessed: `put`, `get` and `erase` reject with LEDGER_UNAVAILABLE
 *     when the store does not answer. A `put` that failed so may have happened: use another id.
 *  V7 `list` yields every blob that was there when it was called and has not been erased since, once,
 *     in the order of the ids, with the time at which the store took it; what is put or erased
 *     meanwhile may be among them or not. It holds nothing back from others, however long it takes.
 *  V8 `erasedAt` is `undefined` exactly while the blob is there; for an erased one it is the time at
 *     which the store took the erasure; all instances come to the same answer.
 */
export interface Vault {
  put(id: string, blob: Uint8Array): Promise<void>;
  /** Waits up to `timeoutMs` (default 2000) for a blob that another instance may just have put. */
  get(id: string, timeoutMs?: number): Promise<Uint8Array | undefined>;
  erase(id: string): Promise<void>;
  /** Rejects LEDGER_UNAVAILABLE when it cannot be known what there is. */
  list(): AsyncIterable<VaultEntry>;
  /**
   * ms since the Unix epoch by the store's clock; 0 when the store knows nothing of the id any more,
   * or never did. Rejects LEDGER_UNAVAILABLE like `get`.
   */
  erasedAt(id: string): Promise<number | undefined>;
  /**
   * How long an erased blob may still lie on the store's disks, ms: what nobody is given any more but
   * compaction has not removed yet.
   */
  readonly goneAfterMs: number;
  close(): Promise<void>;
}
