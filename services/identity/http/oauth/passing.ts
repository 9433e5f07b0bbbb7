import { Failure, type Reason } from '#libs/errors/failure.js';

/** These say "not now", not "no": the client may try again. */
const passing: ReadonlySet<Reason> = new Set([
  'NOT_READY',
  'NOT_YET_KNOWN',
  'STALE',
  'LEDGER_UNAVAILABLE',
  'OVERLOADED',
  'DEADLINE_EXCEEDED',
  'CONFLICT',
  'DIVERGED',
  'CANCELLED',
  // A newer build can say it.
  'QUARANTINED',
  'NEEDS_NEWER_BUILD',
  // Its successor can.
  'LEDGER_SEALED',
]);

/** True for what is no fault of the request. */
export function isPassing(error: unknown): boolean {
  return !(error instanceof Failure) || passing.has(error.reason);
}
