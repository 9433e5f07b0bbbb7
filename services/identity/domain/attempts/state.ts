import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentReader, DocumentWriter } from '#libs/decider/documents.js';
import type { AttemptFactor, DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { attemptWindowMs } from './throttle.js';

type AttemptsRecorded = Extract<DomainEvent, { type: 'AttemptsRecorded' }>;

export interface FailedAttempts {
  readonly failures: number;
  /** The first of them, ms since the Unix epoch. */
  readonly sinceMs: number;
  /** Nothing of this account is compared before, ms since the Unix epoch; 0: at once. */
  readonly throttleUntilMs: number;
  /** They are forgotten then. */
  readonly expiresAtMs: number;
}

export interface AttemptsDocument {
  readonly of: Readonly<Partial<Record<AttemptFactor, FailedAttempts>>>;
  readonly expiresAtMs: number;
}

/** Failures of a principal since its last success, by factor. */
export const attempts = new DocumentKind<AttemptsDocument>('attempts');

/** What counts against a factor of a principal now. */
export function failedAttempts(
  view: DocumentReader,
  tenant: string,
  principal: string,
  factor: AttemptFactor,
  nowMs: number,
): FailedAttempts | undefined {
  const failed = attempts.read(view, tenant, principal)?.of[factor];
  return failed !== undefined && failed.expiresAtMs > nowMs ? failed : undefined;
}

export function evolveAttempts(
  { principal, factor, failures, sinceMs, throttleUntilMs = 0 }: AttemptsRecorded,
  to: DocumentWriter,
  { tenant, atMs }: EventContext,
): void {
  const expiresAtMs = Math.max(atMs + attemptWindowMs, throttleUntilMs);
  const before = attempts.read(to, tenant, principal)?.of;
  const failed = { failures, sinceMs, throttleUntilMs, expiresAtMs };
  attempts.put(to, tenant, principal, documentOf({ ...before, [factor]: failed }));
}

/** After a success. */
export function forgetAttempts(
  to: DocumentWriter,
  tenant: string,
  principal: string,
  factor: AttemptFactor,
): void {
  const { [factor]: _, ...others } = attempts.read(to, tenant, principal)?.of ?? {};
  if (Object.keys(others).length === 0) return attempts.remove(to, tenant, principal);
  attempts.put(to, tenant, principal, documentOf(others));
}

function documentOf(of: AttemptsDocument['of']): AttemptsDocument {
  return { of, expiresAtMs: Math.max(...Object.values(of).map((one) => one.expiresAtMs)) };
}
