import type { Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { attempts } from '#services/identity/domain/attempts/state.js';
import { challengeProblem } from '#services/identity/domain/challenge/state.js';
import { reject } from '#services/identity/domain/decision.js';
import type { Rejection } from '#services/identity/domain/decision.js';
import type { Authentication } from './commands.js';
import { passkeyCounts, recoveryUseId, recoveryUses, totpSteps } from './state.js';

/**
 * Whether something was used before that counts once. Each look is a key that the record reads and
 * that its event writes: of any number of uses at once, one counts.
 */
export function usedProblem(
  { used }: Authentication,
  view: DocumentReader,
  { tenant, nowMs }: Facts,
): Rejection | undefined {
  const { challenge, totp, passkey, recovery } = used ?? {};
  if (challenge !== undefined) {
    const problem = challengeProblem(view, tenant, challenge, nowMs);
    if (problem !== undefined) return problem;
  }
  if (totp !== undefined) {
    const before = totpSteps.read(view, tenant, totp.credential);
    if (before !== undefined && totp.step <= before.step) {
      return reject('ALREADY_USED', 'this code was used; wait for the next one');
    }
  }
  if (recovery !== undefined && recoveryUses.read(view, tenant, recoveryUseId(recovery))) {
    return reject('ALREADY_USED', 'this recovery code was used');
  }
  if (passkey === undefined) return undefined;
  const before = passkeyCounts.read(view, tenant, passkey.credential)?.count ?? 0;
  // Zero on both sides: an authenticator that does not count (WebAuthn L3, 7.2, step 22).
  if (passkey.count > before || (passkey.count === 0 && before === 0)) return undefined;
  return reject('ALREADY_USED', 'the passkey answered before with a higher counter', {
    counter: String(passkey.count),
    before: String(before),
  });
}

/** A session that begins forgets the failures before it: the record must have seen them. */
export function readAttempts(view: DocumentReader, tenant: string, principal: string): void {
  attempts.read(view, tenant, principal);
}
