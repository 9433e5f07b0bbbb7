import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { accept } from '#services/identity/domain/decision.js';
import type { RecordAttempts } from './commands.js';
import { failedAttempts } from './state.js';
import { throttleDelayMs } from './throttle.js';

/** Adds up: the record carries the sum, so that it can be read without those before it. */
export function decideAttempts(
  { principal, factor, failures }: RecordAttempts,
  view: DocumentReader,
  { tenant, nowMs }: Facts,
): Decision {
  if (failures <= 0) return accept();
  const before = failedAttempts(view, tenant, principal, factor, nowMs);
  const sum = (before?.failures ?? 0) + failures;
  const sinceMs = before?.sinceMs ?? nowMs;
  const delayMs = throttleDelayMs(sum);
  const throttleUntilMs = delayMs === 0 ? undefined : nowMs + delayMs;
  const facts = { principal, factor, failures: sum, sinceMs, throttleUntilMs };
  return accept({ type: 'AttemptsRecorded', ...facts });
}
