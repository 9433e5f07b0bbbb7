/**
 * The ledger's defences, each with a switch, so that the simulation can show what happens without
 * it. Production code always runs with `allDefences`; test/architecture sees to that.
 */
export interface Defences {
  /** The mac decides who may write (rule 1). */
  readonly macCheck: boolean;
  /** A snapshot older than the window is void (rule 2). */
  readonly windowCheck: boolean;
  /** The writer must have read the same history (rule 3). */
  readonly chainCheck: boolean;
  /** The chain runs over every record, not only over accepted ones. */
  readonly chainOverAll: boolean;
  /** A key that was written after the snapshot voids the record (rule 4). */
  readonly conflictCheck: boolean;
  /** The reader fetches its own last records again and compares, also those of a snapshot. */
  readonly historyCheck: boolean;
  /** The writer answers only what its own reader has read back. */
  readonly readBack: boolean;
  /** After an unknown outcome one FENCE settles everything before it. */
  readonly fence: boolean;
}

export const allDefences: Defences = {
  macCheck: true,
  windowCheck: true,
  chainCheck: true,
  chainOverAll: true,
  conflictCheck: true,
  historyCheck: true,
  readBack: true,
  fence: true,
};
