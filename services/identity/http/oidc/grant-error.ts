import { errors } from 'oidc-provider';
import { isPassing } from './engine-context.js';

/** RFC 6749, 5.2: what the ledger refuses is an invalid grant; what it cannot do now is not. */
export async function asGrantError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isPassing(error)) throw error;
    throw new errors.InvalidGrant(error instanceof Error ? error.message : 'refused');
  }
}
