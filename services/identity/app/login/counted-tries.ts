import { Failure } from '#libs/errors/failure.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { executeSession, type IdentityParts } from '#services/identity/app/identity-parts.js';
import { bindingOf } from '#services/identity/app/login/login-ticket.js';
import { ownCall } from '#services/identity/app/session-standing.js';
import { challenges } from '#services/identity/domain/challenge/state.js';

/** Wrong codes of one log-in (ASVS 5.0: 6.6.3). */
export const triesPerLogin = 5;
/**
 * Log-ins of an account that may get as far as a code, within the window, from devices that never
 * logged in to it; each device that has counts for itself. So strangers who know the password have 25
 * guesses at a code in half an hour, all instances together, and take none from the owner.
 */
export const codeLoginsInWindow = 5;
export const codeWindowMs = 1_800_000;
const challengeMs = 600_000;

/** Whose tries are counted, and on what. */
export interface CountedOn {
  readonly tenant: string;
  readonly principal: string;
  /** Id of the challenge. */
  readonly countOn: string;
  /** It exists already, as a code was sent for it. */
  readonly issued?: boolean;
  readonly device?: string | undefined;
}

/**
 * Counts a try in ledger S before anything is compared, so that no number of requests at once, at any
 * number of instances, gets more than its tries. Resolves with the keyed hash of the right answer,
 * `''` where the answer is verified in another way.
 */
export async function countTry(parts: IdentityParts, counted: CountedOn): Promise<string> {
  const { tenant, countOn: challenge } = counted;
  const find = () => challenges.read(documentsOf(parts.sessions.state), tenant, challenge)?.issued;
  if (counted.issued !== true && find() === undefined) await issue(parts, counted);
  const binding = bindingOf(challenge);
  const call = ownCall(counted);
  await executeSession(parts, call, { type: 'AttemptChallenge', challenge, binding });
  return find()?.answerHash ?? '';
}

/** The first code of a log-in. Of two at once one issues it. */
async function issue(parts: IdentityParts, counted: CountedOn): Promise<void> {
  const { principal, countOn: challenge, device } = counted;
  const command = {
    type: 'IssueChallenge',
    challenge,
    kind: 'LOGIN',
    principal,
    answerHash: '',
    binding: bindingOf(challenge),
    tries: triesPerLogin,
    expiresAtMs: Math.trunc(parts.clock.wallMs()) + challengeMs,
    device,
    mostInWindow: codeLoginsInWindow,
    windowMs: codeWindowMs,
  } as const;
  await executeSession(parts, ownCall(counted), command).catch((error: unknown) => {
    if (error instanceof Failure && error.reason === 'ALREADY_EXISTS') return;
    throw error;
  });
}
