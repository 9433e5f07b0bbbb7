import { Failure, type Reason } from '#libs/errors/failure.js';
import { OauthError, unavailable } from './oauth-error.js';
import { isPassing } from './passing.js';

/** One text: what was wrong is not for whoever holds a code or token that is no good (ASVS 6.3.8). */
export function invalidGrant(detail: string, cause?: unknown): OauthError {
  const description = 'the grant is not valid, has expired, or is of another client';
  return new OauthError('invalid_grant', description, { detail, cause });
}

/** These say that something is wrong with us: nobody should throw a good token away for that. */
const ours: ReadonlySet<Reason> = new Set(['INTERNAL', 'MISCONFIGURED', 'UNSUPPORTED']);

/**
 * Goes on as the error that the client is told (RFC 6749, section 5.2): what the ledger refuses is an
 * invalid grant, what it cannot do now is not.
 *
 * @throws OauthError, or what was given where it is neither
 */
export function throwGrantProblem(error: unknown): never {
  if (!(error instanceof Failure) || ours.has(error.reason)) throw error;
  if (isPassing(error)) throw unavailable(error);
  throw invalidGrant(error.message, error);
}
