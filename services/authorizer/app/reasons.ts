import type { ReasonName } from '#libs/access/reason-code.js';
import { Failure } from '#libs/errors/failure.js';
import type { TokenRefusal } from '#libs/tokens/verify-access-token.js';

/** Reasons that come before an evaluation, or keep it from taking place. */
export const reasonsBefore = [
  /** Not a token of ours at all: malformed, of a wrong type or algorithm, or badly signed. */
  'TOKEN_INVALID',
  'TOKEN_WRONG_ISSUER',
  'TOKEN_WRONG_AUDIENCE',
  'TOKEN_NOT_YET_VALID',
  /** Issued before the ledger was restored or moved. */
  'TOKEN_WRONG_EPOCH',
  /** The token is bound to a key, and whoever presents it has not shown to have it. */
  'PROOF_REQUIRED',
  'PROOF_INVALID',
  /** User name or password are wrong, or there is no such user. */
  'PASSWORD_REJECTED',
  /** Only in batches: what a single question answers with a status. */
  'STALE',
  'NOT_YET_KNOWN',
  'CALLER_NOT_PERMITTED',
  'IDENTITY_UNAVAILABLE',
  'NOT_RECORDED',
] as const;

/** Every reason that an answer can have: the closed set of docs/reasons.md. */
export type Reason = ReasonName | (typeof reasonsBefore)[number];

/** With these nothing was decided, neither allow nor deny: asking again may help. */
const undecidedReasons = [
  'QUARANTINED',
  'STALE',
  'NOT_YET_KNOWN',
  'CALLER_NOT_PERMITTED',
  'IDENTITY_UNAVAILABLE',
  'NOT_RECORDED',
] as const satisfies readonly Reason[];

export type UndecidedReason = (typeof undecidedReasons)[number];

const undecided: ReadonlySet<Reason> = new Set(undecidedReasons);

export function isUndecided(reason: Reason): reason is UndecidedReason {
  return undecided.has(reason);
}

/** What a single question is rejected with, where a batch answers `CANNOT_DECIDE`. */
export function cannotDecide(reason: UndecidedReason): Failure {
  switch (reason) {
    case 'QUARANTINED':
      return new Failure('QUARANTINED', 'a newer build wrote what this rests on: ask that one');
    case 'STALE':
      return new Failure('STALE', 'the state is too old to decide this', { retryAfterMs: 1_000 });
    case 'NOT_YET_KNOWN':
      return new Failure('NOT_YET_KNOWN', 'this state does not include that yet: try again', {
        retryAfterMs: 250,
      });
    case 'CALLER_NOT_PERMITTED':
      return new Failure('PERMISSION_DENIED', 'you may not ask about this subject');
    case 'IDENTITY_UNAVAILABLE':
      return new Failure('LEDGER_UNAVAILABLE', 'identity could not be asked: try again', {
        retryAfterMs: 500,
      });
    case 'NOT_RECORDED':
      return new Failure('NOT_RECORDED', 'cannot record this decision, which must be recorded', {
        retryAfterMs: 1_000,
      });
  }
}

/** What a caller is told of a token that was refused before anything was looked up. */
export const tokenReasons = {
  TOO_LARGE: 'TOKEN_INVALID',
  MALFORMED: 'TOKEN_INVALID',
  FORBIDDEN_HEADER: 'TOKEN_INVALID',
  WRONG_TYPE: 'TOKEN_INVALID',
  UNKNOWN_KEY: 'SIGNING_KEY_UNKNOWN',
  WRONG_ALGORITHM: 'TOKEN_INVALID',
  BAD_SIGNATURE: 'TOKEN_INVALID',
  BAD_CLAIM: 'TOKEN_INVALID',
  WRONG_ISSUER: 'TOKEN_WRONG_ISSUER',
  WRONG_AUDIENCE: 'TOKEN_WRONG_AUDIENCE',
  NOT_YET_VALID: 'TOKEN_NOT_YET_VALID',
  EXPIRED: 'CREDENTIAL_EXPIRED',
} as const satisfies Record<TokenRefusal, Reason>;
