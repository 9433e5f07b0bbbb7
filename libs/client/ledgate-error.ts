/** Why there is no answer. The set is closed. */
export type LedgateErrorKind =
  /** Nobody could decide in time: unreachable, overloaded, too stale, or past the deadline. */
  | 'UNDECIDED'
  /** The authorizer refused this service's own credential. */
  | 'CALLER_REFUSED'
  /** The question is malformed: asking again will not help. */
  | 'BAD_QUESTION'
  /** The client was closed. */
  | 'CLOSED';

export interface LedgateErrorDetails {
  /** The authorizer's own reason (`NOT_YET_KNOWN`, `STALE`, …), or the name of the gRPC status. */
  readonly reason: string;
  /** Asking again may help. */
  readonly retryable?: boolean;
  /** How long the authorizer asks to wait before the next try, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** The one error that the client rejects with. Never contains a credential. */
export class LedgateError extends Error {
  override readonly name = 'LedgateError';
  readonly kind: LedgateErrorKind;
  readonly reason: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(kind: LedgateErrorKind, message: string, details: LedgateErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.reason = details.reason;
    this.retryable = details.retryable ?? false;
    this.retryAfterMs = details.retryAfterMs;
  }

  /** The same error as an object of its own: callers who know nothing of each other share none. */
  copy(changes: Partial<LedgateErrorDetails> = {}): LedgateError {
    const { reason, retryable, retryAfterMs, cause } = this;
    const details = { reason, retryable, retryAfterMs, cause, ...changes };
    return new LedgateError(this.kind, this.message, details);
  }
}

/** An answer that breaks the protocol decides nothing. */
export function brokenAnswer(what: string): LedgateError {
  return new LedgateError('UNDECIDED', `The authorizer's answer ${what}`, {
    reason: 'BROKEN_ANSWER',
  });
}
