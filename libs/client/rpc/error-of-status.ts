import { status, type ServiceError } from '@grpc/grpc-js';
import { ErrorInfo, RetryInfo } from '#proto/google/rpc/error_details.js';
import { Status } from '#proto/google/rpc/status.js';
import { LedgateError, type LedgateErrorKind } from '#libs/client/ledgate-error.js';

interface Details {
  reason: string | undefined;
  /** What the authorizer says itself. */
  retryable: boolean | undefined;
  retryAfterMs: number | undefined;
}

const typeOf = (name: string): string => `type.googleapis.com/google.rpc.${name}`;

/** Reads `google.rpc.ErrorInfo` and `RetryInfo` from the trailers; unreadable ones are ignored. */
function detailsOf(error: ServiceError): Details {
  const found: Details = { reason: undefined, retryable: undefined, retryAfterMs: undefined };
  const [packed] = error.metadata?.get('grpc-status-details-bin') ?? [];
  if (!(packed instanceof Uint8Array)) return found;
  try {
    for (const { typeUrl, value } of Status.decode(packed).details) {
      if (typeUrl === typeOf('ErrorInfo')) {
        const { reason, metadata } = ErrorInfo.decode(value);
        found.reason = reason;
        if (metadata['retryable'] !== undefined) found.retryable = metadata['retryable'] === 'true';
      }
      if (typeUrl === typeOf('RetryInfo')) {
        const delay = RetryInfo.decode(value).retryDelay;
        if (delay) found.retryAfterMs = Number(delay.seconds) * 1000 + delay.nanos / 1e6;
      }
    }
  } catch {
    // A status without readable details is still a status.
  }
  return found;
}

const kinds = new Map<number, LedgateErrorKind>([
  [status.INVALID_ARGUMENT, 'BAD_QUESTION'],
  [status.FAILED_PRECONDITION, 'BAD_QUESTION'],
  [status.OUT_OF_RANGE, 'BAD_QUESTION'],
  [status.NOT_FOUND, 'BAD_QUESTION'],
  [status.UNAUTHENTICATED, 'CALLER_REFUSED'],
  [status.PERMISSION_DENIED, 'CALLER_REFUSED'],
]);

/** Failures of one authorizer: another one may well answer. */
const ofOneAuthorizer = new Set(['DIVERGED', 'NEEDS_NEWER_BUILD', 'NOT_READY', 'NOT_RECORDED']);

/**
 * What a gRPC status means for a question. Every RPC of the authorizer reads, so whatever it does
 * not call final may be asked again when it was UNAVAILABLE or says when to retry.
 */
export function errorOfStatus(error: ServiceError): LedgateError {
  const { reason, retryable, retryAfterMs } = detailsOf(error);
  const kind = kinds.get(error.code) ?? 'UNDECIDED';
  const mayHelp =
    ofOneAuthorizer.has(reason ?? '') ||
    (retryable ?? (error.code === status.UNAVAILABLE || retryAfterMs !== undefined));
  return new LedgateError(kind, error.details, {
    reason: reason ?? status[error.code] ?? 'UNKNOWN',
    retryable: kind === 'UNDECIDED' && mayHelp,
    retryAfterMs,
    cause: error,
  });
}
