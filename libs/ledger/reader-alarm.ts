import type { Failure } from '#libs/errors/failure.js';

/** Things that an operator must hear of. */
export type ReaderAlarm =
  | { readonly kind: 'diverged'; readonly position: number; readonly why: string }
  | { readonly kind: 'acknowledged-writes-lost'; readonly position: number; readonly end: number }
  | { readonly kind: 'bad-mac'; readonly position: number }
  | { readonly kind: 'clock-skew'; readonly position: number; readonly skewMs: number }
  | { readonly kind: 'unreachable'; readonly error: unknown }
  /** The state could not take what follows `position`: it is dropped and built again. */
  | { readonly kind: 'fold-failed'; readonly position: number; readonly error: unknown }
  | { readonly kind: 'listener-failed'; readonly position: number; readonly error: unknown }
  /** The ledger was raised to a feature level that this build does not know: upgrade it. */
  | { readonly kind: 'newer-level'; readonly position: number; readonly level: number }
  | { readonly kind: 'stopped'; readonly failure: Failure };
