import type { Mark } from '#libs/subscriber/mark.js';

/** A step of one stream: what was done before it, and what is done with it. */
export interface CheckpointStep {
  readonly stream: string;
  readonly from: Mark | undefined;
  readonly to: Mark;
}

/**
 * Keeps marks beside the effects of the handlers. What was handled after the last mark that was
 * saved is handled again after a crash: handlers must bear that.
 */
export interface StoredCheckpoint {
  readonly kind: 'stored';
  /** The mark that was saved last; undefined: none yet. */
  load(stream: string): Promise<Mark | undefined>;
  /** Resolves once the mark is durable. */
  save(stream: string, mark: Mark): Promise<void>;
}

/**
 * Keeps marks in the same transaction as the effects: what a handler does through `tx` and the mark
 * become durable together or not at all, so nothing is done twice.
 */
export interface TransactionalCheckpoint<Tx> {
  readonly kind: 'transaction';
  load(stream: string): Promise<Mark | undefined>;
  /**
   * Begins a transaction, calls `work` with it, stores `step.to`, and commits. Must answer false, and
   * change nothing, when the stored mark is not before `step.to` any more (another process was
   * quicker: compare with `isAfter`); true once it is committed.
   */
  transact(step: CheckpointStep, work: (tx: Tx) => Promise<void> | void): Promise<boolean>;
}

export type Checkpoint<Tx> = StoredCheckpoint | TransactionalCheckpoint<Tx>;

/** A checkpoint in the caller's own transactions. */
export function ownTransaction<Tx>(
  store: Omit<TransactionalCheckpoint<Tx>, 'kind'>,
): TransactionalCheckpoint<Tx> {
  return {
    kind: 'transaction',
    load: (stream) => store.load(stream),
    transact: (step, work) => store.transact(step, work),
  };
}
