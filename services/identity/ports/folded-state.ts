import type { StateStore } from '#libs/decider/state-store.js';

/** How far a state has come. */
export interface StatePoint {
  /** Last folded position; -1: nothing. */
  readonly position: number;
  /** 32-byte chain there. */
  readonly chain: Uint8Array;
}

/**
 * The documents on disk, a pure function of the ledger up to `point`. A cache: it may be deleted at
 * any time and is then built again.
 */
export interface FoldedState extends StateStore {
  readonly point: StatePoint;
  /** Runs `change` and moves to `point` in one transaction: after a crash both are there, or none. */
  commit(point: StatePoint, change: () => void): void;
  /** Marks keys (16-byte hashes) about which nothing can be decided any more. */
  quarantine(keys: readonly Uint8Array[]): void;
  isQuarantined(key: Uint8Array): boolean;
  /** Whether `isQuarantined` is true of any key: nearly never. */
  readonly anyQuarantined: boolean;
  quarantinedKeys(): readonly Uint8Array[];
  /** Forgets everything. */
  reset(): void;
  /**
   * SHA-256 (hex) over all documents and quarantined keys, in order, at one position. Command ids
   * are left out, and what was over before `atMs` (default: nothing): they are swept by time, which no
   * two instances do at the same moment.
   */
  stateHash(atMs?: number): Promise<{ readonly position: number; readonly hash: string }>;
  /** Removes the records of command ids that the log took before `logTimeMs`; `limit` at most. */
  sweepCommands(logTimeMs: number, limit: number): number;
  /**
   * Removes documents that say that they were over before a time, ms since the Unix epoch; looks at
   * `limit` at most. Resolves with how many they were. Of a state that keeps everything: none.
   */
  sweepExpired(beforeMs: number, limit: number): number;
  close(): Promise<void>;
}
