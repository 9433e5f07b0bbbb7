import { status, type ServiceError } from '@grpc/grpc-js';
import { Failure } from '#libs/errors/failure.js';
import { rowOf } from '#libs/grpc/status-of.js';
import { ConfigError } from '#libs/runtime/env.js';
import { ExitCode, exitCodeOf } from './exit-code.js';
import type { Target } from './target.js';

export interface FailureReport {
  readonly text: string;
  readonly exitCode: ExitCode;
}

/** What went wrong and what to do about it, for the person at the terminal. */
export function reportFailure(error: unknown, target: Target | undefined): FailureReport {
  if (error instanceof ConfigError) return { text: error.message, exitCode: ExitCode.USAGE };
  if (error instanceof Failure) {
    const misconfigured = error.reason === 'MISCONFIGURED';
    const exitCode = misconfigured ? ExitCode.USAGE : exitCodeOf(rowOf(error.reason).code);
    const advice = advices.find(([about]) => about.test(error.message))?.[1];
    return { text: [error.message, advice].filter(Boolean).join('\n'), exitCode };
  }
  if (isServiceError(error)) {
    return { text: serviceErrorText(error, target), exitCode: exitCodeOf(error.code) };
  }
  const text = error instanceof Error ? error.message : String(error);
  return { text, exitCode: ExitCode.INTERNAL };
}

/** What to do about refusals that are worded for services. */
const advices: readonly (readonly [about: RegExp, advice: string])[] = [
  [/^refusing to connect in plaintext/, 'Use TLS: --ca, LEDGATE_CA, or `ca` in the profile.'],
  [
    /^cannot listen on .*EADDRINUSE/,
    'Is Ledgate running already? LEDGATE_IDENTITY_ADDR and LEDGATE_AUTHORIZER_ADDR give others.',
  ],
  [/ is in use by process /, 'Is Ledgate running already? --data gives another folder.'],
];

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error;
}

const unreachable = /\b(?:connect|getaddrinfo) (E[A-Z]+ [^\s.]+(?:\.[^\s.]+)*)/;

function serviceErrorText(error: ServiceError, target: Target | undefined): string {
  if (error.code === status.UNAUTHENTICATED) {
    const missing = target?.credential === undefined;
    const advice = missing
      ? 'Give an API key or token: --credential, LEDGATE_CREDENTIAL, or --data with its profile.'
      : 'It may be mistyped, expired or revoked: `ledgate whoami` tells, --credential gives another.';
    return `${error.details}\n${advice}`;
  }
  const [, why] = unreachable.exec(error.details) ?? [];
  if (error.code !== status.UNAVAILABLE || why === undefined) return error.details;
  const places = `identity ${target?.identity ?? ''}, authorizer ${target?.authorizer ?? ''}`;
  return (
    `cannot connect: ${why}\nIs Ledgate running? \`npm start\` starts it. ` +
    `--identity and --authorizer say where it is (now ${places}).`
  );
}
