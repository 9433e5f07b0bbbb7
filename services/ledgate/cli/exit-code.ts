import { status } from '@grpc/grpc-js';

/** What the process ends with; `ledgate --help` and docs/cli.md list them. */
export const ExitCode = {
  OK: 0,
  /** The answer is no: DENY, not authenticated, `verify` or `doctor` found something. */
  NO: 1,
  /** Wrong words on the command line, a refused field, or a configuration that cannot work. */
  USAGE: 2,
  /** The caller's own credential is missing, wrong or not allowed. */
  NOT_ALLOWED: 3,
  /** Not found, exists already, or not in a state that allows it. */
  STATE: 4,
  /** The service or the ledger cannot be reached, or is overloaded: try again. */
  UNAVAILABLE: 5,
  /** A fault of Ledgate. */
  INTERNAL: 70,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export function exitCodeOf(code: status | undefined): ExitCode {
  switch (code) {
    case status.OK:
      return ExitCode.OK;
    case status.INVALID_ARGUMENT:
    case status.OUT_OF_RANGE:
      return ExitCode.USAGE;
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return ExitCode.NOT_ALLOWED;
    case status.NOT_FOUND:
    case status.ALREADY_EXISTS:
    case status.FAILED_PRECONDITION:
    case status.ABORTED:
      return ExitCode.STATE;
    case status.UNAVAILABLE:
    case status.DEADLINE_EXCEEDED:
    case status.RESOURCE_EXHAUSTED:
    case status.CANCELLED:
      return ExitCode.UNAVAILABLE;
    case status.UNKNOWN:
    case status.UNIMPLEMENTED:
    case status.INTERNAL:
    case status.DATA_LOSS:
    case undefined:
      return ExitCode.INTERNAL;
  }
}
