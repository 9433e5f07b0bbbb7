import type { Judged, JudgeState } from './judge.js';
import type { VerdictWindow } from './verdict-window.js';

/** A state to go on from: everything up to and including `window.position`. */
export type Resume = JudgeState;

/** What a reader feeds: a state that is a pure function of the records it was given. */
export interface Fold {
  /** The window of an empty state; default: the one that the rule prescribes. */
  emptyWindow?(): VerdictWindow;
  /** The state to go on from; `undefined`: start at 0. */
  resume(): Resume | undefined;
  /**
   * Takes a batch whole, void records included (they move the position). `window` is the verdict
   * window after the batch. Must not throw on any record: what cannot be understood is quarantined.
   */
  apply(batch: readonly Judged[], window: VerdictWindow): void;
  /**
   * Called after each batch, with what was judged so far: until the promise resolves nothing further is
   * judged or folded, so that a state can be copied in slices. Must not reject.
   */
  settle?(at: Required<Resume>): Promise<void> | undefined;
  /** Forgets everything: history turned out to be another one. */
  reset(): void;
}
