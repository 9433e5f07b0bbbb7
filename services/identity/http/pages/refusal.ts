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
const busy: ReadonlySet<Reason> = new Set([
  'OVERLOADED',
  'STALE',
  'NOT_READY',
  'NOT_YET_KNOWN',
  'CONFLICT',
  'LEDGER_UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'DIVERGED',
]);
const rejected: ReadonlySet<Reason> = new Set([
  'CREDENTIALS_REJECTED',
  'CALLER_UNAUTHENTICATED',
  'GRANT_REJECTED',
  'ALREADY_USED',
]);

/**
 * Words for an error that somebody can do something about; rethrows any other. `wrong`: what was
 * rejected, where proof was asked for.
 */
export function refusalOf(error: unknown, t: Translate, wrong: TextKey): Refusal {
  const bad = (key: TextKey, status: Refusal['status'], values = {}): Refusal => ({
    said: { kind: 'bad', text: t(key, values) },
    status,
  });
  if (error instanceof StaleForm) return bad('error.form', 422);
  if (!(error instanceof Failure)) throw error;
  const { reason, retryAfterMs = 1000 } = error;
  if (rejected.has(reason)) return bad(wrong, 422);
  if (busy.has(reason)) return bad('error.unavailable', 503);
  switch (reason) {
    case 'TOO_MANY_REQUESTS':
      return bad('error.tooMany', 429, { seconds: String(Math.ceil(retryAfterMs / 1000)) });
    case 'LIMIT_REACHED':
      return bad('error.limit', 422);
    case 'WRONG_STATE':
    case 'IN_USE':
      return bad('error.expired', 422);
    case 'NOT_FOUND':
      return bad('error.notFoundLead', 404);
    case 'PERMISSION_DENIED':
      return bad('error.denied', 403);
    case 'INVALID_ARGUMENT':
      return bad('error.other', 422);
    default:
      throw error;
  }
}

/** What is said at a new password that was refused; `undefined`: it is something else. */
export function passwordProblem(error: unknown, t: Translate, least: number): string | undefined {
  if (!(error instanceof Failure) || error.reason !== 'INVALID_ARGUMENT') return undefined;
  const violation = error.violations.find(({ field }) => field.includes('password'));
  if (violation === undefined) return undefined;
  const short = violation.description.startsWith('must have at least');
  return t(short ? 'error.passwordShort' : 'error.passwordWeak', { least: String(least) });
}
