/**
 * Every reason for which Ledgate refuses. The set is closed: `libs/grpc/status-of.ts` gives each
 * one a gRPC status, and anything that is not a `Failure` becomes INTERNAL with a fixed text.
 */
export type Reason =
  | 'INVALID_ARGUMENT'
  | 'CALLER_UNAUTHENTICATED'
  | 'CREDENTIALS_REJECTED'
  | 'GRANT_REJECTED'
  | 'ALREADY_USED'
  | 'SECOND_FACTOR_REQUIRED'
  | 'STEP_UP_REQUIRED'
  | 'PERMISSION_DENIED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'NAME_TAKEN'
  | 'WRONG_STATE'
  | 'LAST_ADMIN'
  | 'CYCLE'
  | 'LIMIT_REACHED'
  | 'IN_USE'
  | 'COMMAND_ID_REUSED'
  | 'CONFLICT'
  | 'TOO_MANY_REQUESTS'
  | 'OVERLOADED'
  | 'DEADLINE_EXCEEDED'
  | 'CANCELLED'
  | 'NOT_YET_KNOWN'
  | 'STALE'
  | 'QUARANTINED'
  | 'DIVERGED'
  | 'WRONG_CLUSTER'
  | 'LEDGER_UNAVAILABLE'
  | 'LEDGER_SEALED'
  | 'NEEDS_NEWER_BUILD'
  | 'NOT_READY'
  | 'NOT_RECORDED'
  | 'UNSUPPORTED'
  | 'MISCONFIGURED'
  | 'INTERNAL';

/** One field of a request that was refused: `field` is its path (`grant.resource_prefix`). */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

export interface FailureDetails {
  /** Fields at fault; only with INVALID_ARGUMENT. */
  readonly violations?: readonly FieldViolation[];
  /** How long the caller should wait before it tries again, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Short machine-readable facts (ids, positions). Never a secret, never personal data. */
  readonly facts?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** The one error class. `message` is shown to callers: it says what is wrong and what to do. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly reason: Reason;
  readonly violations: readonly FieldViolation[];
  readonly retryAfterMs: number | undefined;
  readonly facts: Readonly<Record<string, string>>;

  constructor(reason: Reason, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.reason = reason;
    this.violations = details.violations ?? [];
    this.retryAfterMs = details.retryAfterMs;
    this.facts = details.facts ?? {};
  }
}

/** A request refused because of its fields. */
export function invalid(...violations: readonly FieldViolation[]): Failure {
  const text = violations.map((v) => `${v.field}: ${v.description}`).join('; ');
  return new Failure('INVALID_ARGUMENT', text, { violations });
}
