import { Metadata, status } from '@grpc/grpc-js';
import { Failure, type Reason } from '#libs/errors/failure.js';
import type { Any } from '#proto/google/protobuf/any.js';
import type { Duration } from '#proto/google/protobuf/duration.js';
import { BadRequest, ErrorInfo, RetryInfo } from '#proto/google/rpc/error_details.js';
import { Status } from '#proto/google/rpc/status.js';

/** What goes back to a caller: fits grpc-js' `callback(error)`. A fresh object for every call. */
export interface StatusAnswer {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

interface Row {
  readonly code: status;
  /** The same call may succeed later, unchanged. */
  readonly retryable: boolean;
  /** Shown instead of the failure's own message. */
  readonly publicText?: string;
}

/** One text for whatever was wrong with a credential: it must not tell what (ASVS 6.3.8). */
const credentialText = 'the credential is missing or was not accepted';
const internalText = 'internal error; the request id finds it in the log';

const rows = {
  INVALID_ARGUMENT: { code: status.INVALID_ARGUMENT, retryable: false },
  CALLER_UNAUTHENTICATED: {
    code: status.UNAUTHENTICATED,
    retryable: false,
    publicText: credentialText,
  },
  CREDENTIALS_REJECTED: {
    code: status.UNAUTHENTICATED,
    retryable: false,
    publicText: credentialText,
  },
  GRANT_REJECTED: { code: status.UNAUTHENTICATED, retryable: false },
  ALREADY_USED: { code: status.FAILED_PRECONDITION, retryable: false },
  SECOND_FACTOR_REQUIRED: { code: status.FAILED_PRECONDITION, retryable: false },
  STEP_UP_REQUIRED: { code: status.PERMISSION_DENIED, retryable: false },
  PERMISSION_DENIED: { code: status.PERMISSION_DENIED, retryable: false },
  NOT_FOUND: { code: status.NOT_FOUND, retryable: false },
  ALREADY_EXISTS: { code: status.ALREADY_EXISTS, retryable: false },
  NAME_TAKEN: { code: status.ALREADY_EXISTS, retryable: false },
  WRONG_STATE: { code: status.FAILED_PRECONDITION, retryable: false },
  LAST_ADMIN: { code: status.FAILED_PRECONDITION, retryable: false },
  CYCLE: { code: status.FAILED_PRECONDITION, retryable: false },
  LIMIT_REACHED: { code: status.RESOURCE_EXHAUSTED, retryable: false },
  IN_USE: { code: status.FAILED_PRECONDITION, retryable: false },
  COMMAND_ID_REUSED: { code: status.FAILED_PRECONDITION, retryable: false },
  CONFLICT: { code: status.ABORTED, retryable: true },
  TOO_MANY_REQUESTS: { code: status.RESOURCE_EXHAUSTED, retryable: true },
  OVERLOADED: { code: status.RESOURCE_EXHAUSTED, retryable: true },
  DEADLINE_EXCEEDED: { code: status.DEADLINE_EXCEEDED, retryable: true },
  CANCELLED: { code: status.CANCELLED, retryable: false },
  NOT_YET_KNOWN: { code: status.UNAVAILABLE, retryable: true },
  STALE: { code: status.UNAVAILABLE, retryable: true },
  QUARANTINED: { code: status.UNAVAILABLE, retryable: false },
  DIVERGED: { code: status.UNAVAILABLE, retryable: false },
  WRONG_CLUSTER: { code: status.FAILED_PRECONDITION, retryable: false },
  LEDGER_UNAVAILABLE: { code: status.UNAVAILABLE, retryable: true },
  LEDGER_SEALED: { code: status.FAILED_PRECONDITION, retryable: false },
  NEEDS_NEWER_BUILD: { code: status.UNAVAILABLE, retryable: false },
  NOT_READY: { code: status.UNAVAILABLE, retryable: true },
  NOT_RECORDED: { code: status.UNAVAILABLE, retryable: true },
  UNSUPPORTED: { code: status.UNIMPLEMENTED, retryable: false },
  MISCONFIGURED: { code: status.INTERNAL, retryable: false, publicText: internalText },
  INTERNAL: { code: status.INTERNAL, retryable: false, publicText: internalText },
} as const satisfies Record<Reason, Row>;

/** Domain of every ErrorInfo. */
const domain = 'ledgate';
/** Many clients take no more than 8 KiB of trailers: texts and violations are cut. */
const longestText = 512;
const mostViolations = 16;

/** gRPC status of a reason. */
export function rowOf(reason: Reason): Row {
  return rows[reason];
}

/**
 * Level at which a refusal is logged: a credential or a permission that was not accepted is a security
 * event (ASVS 16.3.1, 16.3.2); everything else is the caller's affair.
 */
export function refusalLevel(code: status): 'info' | 'debug' {
  return code === status.UNAUTHENTICATED || code === status.PERMISSION_DENIED ? 'info' : 'debug';
}

/** True for what must be logged with its cause: not a Failure, or one that is our own doing. */
export function isOurFault(thrown: unknown): boolean {
  return !(thrown instanceof Failure) || rowOf(thrown.reason).code === status.INTERNAL;
}

/**
 * Status for whatever was thrown, with google.rpc.Status in `grpc-status-details-bin`. Anything
 * but a Failure is INTERNAL with a fixed text: what it says may be anything.
 */
export function statusOf(thrown: unknown, requestId: string): StatusAnswer {
  const failure = thrown instanceof Failure ? thrown : undefined;
  const reason = failure?.reason ?? 'INTERNAL';
  const { code, retryable, publicText } = rowOf(reason);
  const text = publicText ?? presentable(failure?.message ?? internalText);
  const packed = detailsOf(
    reason,
    retryable,
    requestId,
    publicText === undefined ? failure : undefined,
  );
  const metadata = new Metadata();
  const encoded = Status.encode({ code, message: text, details: packed }).finish();
  metadata.set('grpc-status-details-bin', Buffer.from(encoded));
  return { code, details: text, metadata };
}

/** A reason with a fixed public text tells nothing else either: `failure` is undefined then. */
function detailsOf(
  reason: Reason,
  retryable: boolean,
  requestId: string,
  failure: Failure | undefined,
): Any[] {
  const facts: Record<string, string> = {};
  for (const [name, text] of Object.entries(failure?.facts ?? {})) facts[name] = presentable(text);
  const own = { request_id: requestId, retryable: String(retryable) };
  const info = { reason, domain, metadata: { ...facts, ...own } };
  const packed = [pack('google.rpc.ErrorInfo', ErrorInfo.encode(info).finish())];
  if (failure === undefined) return packed;
  if (failure.violations.length > 0) {
    const fieldViolations = failure.violations.slice(0, mostViolations).map((violation) => ({
      field: presentable(violation.field),
      description: presentable(violation.description),
    }));
    packed.push(
      pack(
        'google.rpc.BadRequest',
        BadRequest.encode(BadRequest.fromPartial({ fieldViolations })).finish(),
      ),
    );
  }
  if (failure.retryAfterMs !== undefined) {
    const retry = { retryDelay: durationOf(Math.ceil(failure.retryAfterMs)) };
    packed.push(pack('google.rpc.RetryInfo', RetryInfo.encode(retry).finish()));
  }
  return packed;
}

function pack(name: string, bytes: Uint8Array): Any {
  return { typeUrl: `type.googleapis.com/${name}`, value: Buffer.from(bytes) };
}

function durationOf(ms: number): Duration {
  return { seconds: BigInt(Math.trunc(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
}

/** One line of well-formed text: grpc-js cannot send lone surrogates. */
function presentable(text: string): string {
  const short = text.length <= longestText ? text : `${text.slice(0, longestText - 1)}…`;
  return short.replace(/[\p{Cc}\p{Surrogate}]/gu, '\ufffd');
}
