import type { Decision, Facts } from '#libs/decider/decide.js';
import { Failure } from '#libs/errors/failure.js';
import type { FieldViolation, Reason } from '#libs/errors/failure.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { systemTenant } from '#libs/events/envelope.js';

export type Rejection = Extract<Decision, { rejected: Failure }>;

export function accept(...events: readonly DomainEvent[]): Decision {
  return { events };
}

export function reject(
  reason: Reason,
  message: string,
  facts: Readonly<Record<string, string>> = {},
): Rejection {
  return { rejected: new Failure(reason, message, { facts }) };
}

/** Refuses all fields that have a problem at once, or nothing. */
export function refuseFields(
  ...fields: readonly (readonly [field: string, problem: string | undefined])[]
): Rejection | undefined {
  const violations: FieldViolation[] = [];
  for (const [field, description] of fields) {
    if (description !== undefined) violations.push({ field, description });
  }
  if (violations.length === 0) return undefined;
  const text = violations.map((one) => `${one.field}: ${one.description}`).join('; ');
  return { rejected: new Failure('INVALID_ARGUMENT', text, { violations }) };
}

/** The system itself, or somebody of the tenant that owns the cluster. */
export function bySystem({ actor }: Facts): boolean {
  return actor.principal === '' || actor.tenant === systemTenant;
}

/** Problem of a point in time that must lie ahead; absent is fine. */
export function futureProblem(atMs: number | undefined, nowMs: number): string | undefined {
  if (atMs === undefined) return undefined;
  if (!Number.isSafeInteger(atMs)) return 'must be whole milliseconds since the Unix epoch';
  return atMs > nowMs ? undefined : 'must lie in the future';
}

/** Problem of a list that is too long. */
export function countProblem(count: number, most: number): string | undefined {
  return count <= most ? undefined : `more than ${most}`;
}
