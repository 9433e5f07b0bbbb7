import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { accept, reject } from '#services/identity/domain/decision.js';
import { grantRejected } from '#services/identity/domain/refresh-family/decide.js';
import type { UseAssertion } from './commands.js';
import { assertionId, usedAssertions } from './state.js';

/** Longest life of an assertion, ms: so long its `jti` is kept. */
const longestMs = 3_600_000;

export function decideAssertion(
  { client, jtiSha256, expiresAtMs }: UseAssertion,
  view: DocumentReader,
  { tenant, nowMs }: Facts,
): Decision {
  if (expiresAtMs <= nowMs || expiresAtMs > nowMs + longestMs) return grantRejected();
  if (usedAssertions.read(view, tenant, assertionId(client, jtiSha256)) !== undefined) {
    return reject('ALREADY_USED', 'the assertion was used before');
  }
  return accept({ type: 'AssertionUsed', client, jtiSha256, expiresAtMs });
}
