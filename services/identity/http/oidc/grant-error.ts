import { errors } from 'oidc-provider';
import { Failure } from '#libs/errors/failure.js';
import { isPassing } from '../oauth/passing.js';

/** RFC 6749, 5.2: what the ledger refuses is an invalid grant; what it cannot do now is not. */
export async function asGrantError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isPassing(error)) throw error instanceof Failure ? unavailable(error) : error;
    throw new errors.InvalidGrant(error instanceof Error ? error.message : 'refused');
  }
}

/** 503: nothing is wrong with the request, and nothing was used up that counts. */
function unavailable(cause: Failure): Error {
  const error = new errors.TemporarilyUnavailable('the ledger cannot be asked now; try again');
  return Object.assign(error, { status: 503, statusCode: 503, cause });
}
