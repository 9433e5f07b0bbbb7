import { Failure, type Reason } from '#libs/errors/failure.js';
import type { TextKey } from './texts/en.js';
import type { Translate } from './texts/language.js';
import type { Said } from './view/view.js';

/** A form that was not made for this browser, or too long ago. */
export class StaleForm extends Error {
  override readonly name = 'StaleForm';
}

/** What a person is told of a refusal, and the status that goes with it. */
export interface Refusal {
  readonly said: Said;
  readonly status: 403 | 404 | 422 | 429 | 503;
}

/** What is wrong with the person's own doing; everything else is ours. */
const answers: Partial<Record<Reason, readonly [TextKey | 'wrong', Refusal['status']]>> = {
  CREDENTIALS_REJECTED: ['wrong', 422],
  CALLER_UNAUTHENTICATED: ['wrong', 422],
  GRANT_REJECTED: ['wrong', 422],
  ALREADY_USED: ['wrong', 422],
  TOO_MANY_REQUESTS: ['error.tooMany', 429],
  LIMIT_REACHED: ['error.limit', 422],
  WRONG_STATE: ['error.expired', 422],
  IN_USE: ['error.expired', 422],
  NOT_FOUND: ['error.notFoundLead', 404],
  PERMISSION_DENIED: ['error.denied', 403],
  INVALID_ARGUMENT: ['error.other', 422],
  OVERLOADED: ['error.unavailable', 503],
  STALE: ['error.unavailable', 503],
  NOT_READY: ['error.unavailable', 503],
  NOT_YET_KNOWN: ['error.unavailable', 503],
  CONFLICT: ['error.unavailable', 503],
  LEDGER_UNAVAILABLE: ['error.unavailable', 503],
  DEADLINE_EXCEEDED: ['error.unavailable', 503],
  DIVERGED: ['error.unavailable', 503],
};

/**
 * Words for an error that somebody can do something about; rethrows any other. `wrong`: what was
 * rejected, where proof was asked for.
 */
export function refusalOf(error: unknown, t: Translate, wrong: TextKey): Refusal {
  if (error instanceof StaleForm) {
    return { said: { kind: 'bad', text: t('error.form') }, status: 422 };
  }
  const answer = error instanceof Failure ? answers[error.reason] : undefined;
  if (!(error instanceof Failure) || answer === undefined) throw error;
  const [key, status] = answer;
  const seconds = String(Math.ceil((error.retryAfterMs ?? 1000) / 1000));
  const text = t(key === 'wrong' ? wrong : key, { seconds });
  return { said: { kind: 'bad', text }, status };
}

/** What is said at a new password that was refused; `undefined`: it is something else. */
export function passwordProblem(error: unknown, t: Translate, least: number): string | undefined {
  if (!(error instanceof Failure) || error.reason !== 'INVALID_ARGUMENT') return undefined;
  const violation = error.violations.find(({ field }) => field.includes('password'));
  if (violation === undefined) return undefined;
  const short = violation.description.startsWith('must have at least');
  return t(short ? 'error.passwordShort' : 'error.passwordWeak', { least: String(least) });
}
