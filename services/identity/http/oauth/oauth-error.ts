import { Failure } from '#libs/errors/failure.js';
import { isPassing } from './passing.js';

interface ErrorDetails {
  /** Of HTTP; 400 where nothing else is said. */
  readonly status?: number;
  /** Sent beside the usual ones. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the answer: the `scope` that was refused. */
  readonly members?: Readonly<Record<string, string>>;
  /** What exactly was wrong, for our log only. */
  readonly detail?: string;
  readonly cause?: unknown;
}

/** A refusal in the words of the protocol (RFC 6749, section 5.2). */
export class OauthError extends Error {
  readonly code: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly members: Readonly<Record<string, string>>;
  readonly detail: string | undefined;

  constructor(code: string, description: string, more: ErrorDetails = {}) {
    super(description, more.cause === undefined ? {} : { cause: more.cause });
    this.name = 'OauthError';
    this.code = code;
    this.status = more.status ?? 400;
    this.headers = more.headers ?? {};
    this.members = more.members ?? {};
    this.detail = more.detail;
  }
}

export function invalidRequest(description: string): OauthError {
  return new OauthError('invalid_request', description);
}

/** One text, whatever was wrong: `detail` is for our log. */
export function invalidClient(detail: string, cause?: unknown): OauthError {
  const description = 'client authentication failed';
  return new OauthError('invalid_client', description, { status: 401, detail, cause });
}

/** 503: nothing is wrong with the request, and nothing was used up that counts. */
export function unavailable(cause: Failure): OauthError {
  const description = 'the ledger cannot be asked now; try again';
  const { retryAfterMs } = cause;
  const headers: Record<string, string> =
    retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) };
  return new OauthError('temporarily_unavailable', description, { status: 503, headers, cause });
}

/**
 * What an endpoint says of an error that it did not expect: that of a ledger that cannot be asked is
 * passing, everything else is ours and told to nobody.
 */
export function asOauthError(error: unknown): OauthError {
  if (error instanceof OauthError) return error;
  if (error instanceof Failure && isPassing(error)) return unavailable(error);
  const description = 'something went wrong here';
  return new OauthError('server_error', description, { status: 500, cause: error });
}
