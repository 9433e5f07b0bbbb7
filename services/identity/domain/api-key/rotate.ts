import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import type { ApiKeyCreated, DomainEvent } from '#libs/events/catalogue.js';
import { accept, futureProblem, refuseFields, reject } from '#services/identity/domain/decision.js';
import { livePrincipal } from '#services/identity/domain/principal/state.js';
import type { RotateApiKey } from './commands.js';
import { apiKeys, apiKeysOf, credentialNames, credentials, mostApiKeys } from './state.js';
import type { ApiKeyFacts } from './state.js';

/** Longest time for which two keys are valid side by side, ms. */
export const longestOverlapMs = 30 * 24 * 3_600_000;

export function rotateApiKey(command: RotateApiKey, view: DocumentReader, facts: Facts): Decision {
  const { tenant, nowMs } = facts;
  const { credential, replaces, prefix, sha256, expiresAtMs } = command;
  const refused = refuseFields(
    ['overlap_ms', overlapProblem(command.overlapMs)],
    ['expires_at_ms', futureProblem(expiresAtMs, nowMs)],
  );
  if (refused !== undefined) return refused;
  const old = credentials.read(view, tenant, replaces);
  if (old?.apiKey === undefined) return reject('NOT_FOUND', 'no such API key');
  const problem = old.status === 'ACTIVE' ? rotationProblem(old.apiKey, nowMs) : old.status;
  if (problem !== undefined) return reject('WRONG_STATE', `the key is ${problem.toLowerCase()}`);
  const { principal } = old;
  if (livePrincipal(view, tenant, principal) === undefined) {
    return reject('NOT_FOUND', 'no such principal');
  }
  if (
    credentials.read(view, tenant, credential) !== undefined ||
    apiKeys.read(view, tenant, sha256) !== undefined
  ) {
    return reject('ALREADY_EXISTS', 'the credential exists');
  }
  const over = predecessorThatIsOver(old.apiKey, view, facts);
  const held = apiKeysOf.read(view, tenant, principal)?.credentials ?? [];
  if (held.length - over.length >= mostApiKeys) {
    return reject('LIMIT_REACHED', `a principal has at most ${mostApiKeys} API keys`);
  }
  const created: ApiKeyCreated = {
    type: 'ApiKeyCreated',
    principal,
    credential,
    prefix,
    sha256,
    name: credentialNames.read(view, tenant, replaces)?.name ?? '',
    scopes: old.apiKey.scopes,
    resourcePrefix: old.apiKey.resourcePrefix,
    expiresAtMs,
    replaces,
    overlapUntilMs: Math.min(nowMs + command.overlapMs, old.apiKey.expiresAtMs ?? Infinity),
  };
  return accept(...over, created);
}

function overlapProblem(ms: number): string | undefined {
  const fits = Number.isSafeInteger(ms) && ms >= 0 && ms <= longestOverlapMs;
  return fits ? undefined : `must be a whole number from 0 to ${longestOverlapMs}`;
}

function rotationProblem(key: ApiKeyFacts, nowMs: number): string | undefined {
  if (key.overlapUntilMs !== undefined) return 'replaced';
  return key.expiresAtMs !== undefined && key.expiresAtMs <= nowMs ? 'expired' : undefined;
}

/** Expiry is no event: a key whose overlap is over would stay in the list, so rotating ends it. */
function predecessorThatIsOver(
  { replaces }: ApiKeyFacts,
  view: DocumentReader,
  { tenant, nowMs }: Facts,
): DomainEvent[] {
  if (replaces === undefined) return [];
  const before = credentials.read(view, tenant, replaces);
  if (before === undefined || before.status === 'REVOKED') return [];
  if ((before.apiKey?.overlapUntilMs ?? Infinity) > nowMs) return [];
  const { principal } = before;
  return [{ type: 'ApiKeyRevoked', principal, credential: replaces, cause: 'ROTATION' }];
}
