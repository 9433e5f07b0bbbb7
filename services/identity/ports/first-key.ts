/**
 * Where the first credential of a cluster waits for its owner. It is kept before the ledger takes
 * it: a process that dies in between must not lock everybody out.
 */
export interface FirstKey {
  /** The text of an attempt that was neither confirmed nor discarded. */
  pending(): string | undefined;
  /** Durable once it returns. */
  keep(apiKey: string): void;
  /** The ledger has it: shows it to its owner. */
  confirm(): void;
  /** The ledger has another one. */
  discard(): void;
}
