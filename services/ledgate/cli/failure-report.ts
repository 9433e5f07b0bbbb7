import { status, type ServiceError } from '@grpc/grpc-js';
import { Failure } from '#libs/errors/failure.js';
import { rowOf } from '#libs/grpc/status-of.js';
import { ConfigError } from '#libs/runtime/env.js';
import { ExitCode, exitCodeOf } from './exit-code.js';

export interface FailureReport {
  readonly text: string;
  readonly exitCode: ExitCode;
}

/** What went wrong and what to do about it, for the person at the terminal. */
export function reportFailure(error: unknown, identity: string): FailureReport {
  if (error instanceof ConfigError) return { text: error.message, exitCode: ExitCode.USAGE };
  if (error instanceof Failure) {
    return { text: error.message, exitCode: exitCodeOf(rowOf(error.reason).code) };
  }
  if (isServiceError(error)) {
    return { text: `${error.details}${advice(error, identity)}`, exitCode: exitCodeOf(error.code) };
  }
  const text = error instanceof Error ? error.message : String(error);
  return { text, exitCode: ExitCode.INTERNAL };
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error;
}

function advice(error: ServiceError, identity: string): string {
  if (error.code === status.UNAUTHENTICATED) {
    return '\nGive an API key or token: --credential, LEDGATE_CREDENTIAL, or --data with its profile.';
  }
  if (error.code === status.UNAVAILABLE && /connect|resolve|ECONN/i.test(error.details)) {
    return `\nIs Ledgate running? \`ledgate dev\` starts it; --identity and --authorizer say where it is (now ${identity}).`;
  }
  return '';
}
