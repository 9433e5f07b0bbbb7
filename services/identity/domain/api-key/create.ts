import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import {
  accept,
  countProblem,
  futureProblem,
  refuseFields,
  reject,
} from '#services/identity/domain/decision.js';
import {
  eachProblem,
  permissionPatternProblem,
} from '#services/identity/domain/names/exact-name.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import { resourcePrefixProblem } from '#services/identity/domain/names/resource-prefix.js';
import { livePrincipal } from '#services/identity/domain/principal/state.js';
import type { CreateApiKey } from './commands.js';
import { apiKeys, apiKeysOf, credentials, mostApiKeys } from './state.js';

const mostScopes = 50;

export function createApiKey(command: CreateApiKey, view: DocumentReader, facts: Facts): Decision {
  const { principal, credential, sha256, name, scopes, resourcePrefix, expiresAtMs } = command;
  const refused = refuseFields(
    ['name', freeTextProblem(name, 1, 64)],
    ['scopes', countProblem(scopes.length, mostScopes)],
    ...eachProblem('scopes', scopes, permissionPatternProblem),
    ['resource_prefix', resourcePrefixProblem(resourcePrefix ?? '')],
    ['expires_at_ms', futureProblem(expiresAtMs, facts.nowMs)],
  );
  if (refused !== undefined) return refused;
  const { tenant } = facts;
  if (livePrincipal(view, tenant, principal) === undefined) {
    return reject('NOT_FOUND', 'no such principal');
  }
  if (
    credentials.read(view, tenant, credential) !== undefined ||
    apiKeys.read(view, tenant, sha256) !== undefined
  ) {
    return reject('ALREADY_EXISTS', 'the credential exists');
  }
  const held = apiKeysOf.read(view, tenant, principal)?.credentials ?? [];
  if (held.length >= mostApiKeys) {
    return reject(
      'LIMIT_REACHED',
      `a principal has at most ${mostApiKeys} API keys; revoke those that are not needed`,
    );
  }
  const { prefix } = command;
  const key = { principal, credential, prefix, sha256, name, scopes };
  return accept({ type: 'ApiKeyCreated', ...key, resourcePrefix, expiresAtMs });
}
