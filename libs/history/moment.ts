import type { AccessView } from '#libs/access/projection/access-view.js';
import type { Cluster } from '#libs/ledger/cluster-facts.js';

/**
 * Which moment is asked about. A position picks the state, a time picks by when expiry is judged:
 *
 * - a time alone: the state after the last record that the log had taken by then, judged then;
 * - a position alone: the state after that record, judged when the log took it;
 * - both: the state after that record, judged at that time (how a decision is asked again).
 */
export type When =
  | { readonly position: number; readonly atMs?: number | undefined }
  | { readonly position?: undefined; readonly atMs: number };

/** Where in the ledger a moment lies. */
export interface Place {
  /** Last position that the state includes; -1: the empty ledger. */
  readonly position: number;
  /** Time by which expiry is judged, ms since the Unix epoch. */
  readonly atMs: number;
}

/** A moment of the past and the whole state of then. Only good while it is visited. */
export interface Moment extends Place {
  readonly view: AccessView;
  /** Chain at `position`: whoever has the same one has read the same history. */
  readonly chain: Uint8Array;
  /** `undefined` before GENESIS. */
  readonly cluster: Cluster | undefined;
}
