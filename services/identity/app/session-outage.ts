import { Failure, type Reason } from '#libs/errors/failure.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';

/** Above this age of what is known of the ledgers they are out of reach, ms. */
const OUT_OF_REACH_MS = 10_000;

const unreachable: ReadonlySet<Reason> = new Set(['LEDGER_UNAVAILABLE', 'STALE']);

/** For how long neither ledger could be asked, ms; 0: they can. */
export function outageMs({ ledger, sessions }: IdentityParts): number {
  const following = (it: { readonly state: string }): boolean => it.state === 'following';
  if (!following(ledger.reader) || !following(sessions.reader)) return 0;
  const oldestMs = Math.max(ledger.reader.stalenessMs(), sessions.reader.stalenessMs());
  return oldestMs > OUT_OF_REACH_MS ? oldestMs : 0;
}

/** Whether a command failed because the ledger could not be reached, and not for what it says. */
export function isOutage(error: unknown): boolean {
  return error instanceof Failure && unreachable.has(error.reason);
}
