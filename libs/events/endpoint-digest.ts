import { hash as digest } from 'node:crypto';

import type { EndpointRule } from './catalogue.js';

/**
 * SHA-256 (base64url) of what a set of rules says, whatever their order and their ids: two sets with
 * the same digest ask the same of every call. The digest of no rules is `''`.
 */
export function endpointRulesDigest(rules: readonly EndpointRule[]): string {
  if (rules.length === 0) return '';
  const lines = rules.map((rule) =>
    JSON.stringify([
      rule.protocol,
      rule.method,
      rule.template,
      [...rule.allScopes].sort(),
      [...rule.anyScopes].sort(),
      rule.permission ?? null,
      rule.resourceTemplate ?? null,
      rule.minAcr ?? null,
      rule.maxAuthAgeMs ?? null,
      [...rule.credentialKinds].sort(),
      rule.public,
      rule.maxStalenessMs ?? null,
    ]),
  );
  return digest('sha256', lines.sort().join('\n'), 'base64url');
}
