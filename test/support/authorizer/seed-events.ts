import { generateApiKey, type NewApiKey } from '#libs/tokens/api-key.js';
import { systemRandom } from '#libs/runtime/ids.js';
import type { DomainEvent } from '#libs/events/catalogue.js';

// Events as tests write them, with every field that the codec wants.

const blob = { id: 'blob', sha256: 'none' };

export const tenantCreated = (slug: string): DomainEvent => ({
  type: 'TenantCreated',
  slug,
  displayName: slug,
  settings: undefined,
  blindIndexKey: blob,
});

export const registered = (principal: string, kind: 'USER' | 'SERVICE' = 'USER'): DomainEvent => ({
  type: 'PrincipalRegistered',
  principal,
  kind,
  profile: undefined,
  loginNames: [],
  origin: 'ADMIN',
});

export const permissionDefined = (
  permission: string,
  more: { risk?: 'NORMAL' | 'SENSITIVE'; maxStalenessMs?: number; auditRequired?: boolean } = {},
): DomainEvent => ({
  type: 'PermissionDefined',
  permission,
  resourceType: '',
  description: '',
  risk: more.risk ?? 'NORMAL',
  maxStalenessMs: more.maxStalenessMs,
  auditRequired: more.auditRequired,
});

export const roleCreated = (
  role: string,
  permissions: readonly string[],
  parents: readonly string[] = [],
): DomainEvent => ({ type: 'RoleCreated', role, name: role, permissions, parents, admin: false });

export const granted = (
  subject: string,
  role: string,
  resourcePrefix = '',
  expiresAtMs?: number,
): DomainEvent => ({
  type: 'RoleGranted',
  grant: `${subject}/${role}/${resourcePrefix}`,
  subjectKind: 'PRINCIPAL',
  subject,
  role,
  resourcePrefix,
  expiresAtMs,
  admin: false,
});

export const revoked = (subject: string, role: string, resourcePrefix = ''): DomainEvent => ({
  type: 'GrantRevoked',
  grant: `${subject}/${role}/${resourcePrefix}`,
  subjectKind: 'PRINCIPAL',
  subject,
  role,
  resourcePrefix,
  cause: 'ADMIN',
  admin: false,
});

export const apiKeyCreated = (
  principal: string,
  key: NewApiKey,
  more: { scopes?: readonly string[]; expiresAtMs?: number; credential?: string } = {},
): DomainEvent => ({
  type: 'ApiKeyCreated',
  principal,
  credential: more.credential ?? `key-of-${principal}`,
  prefix: key.text.slice(4, 12),
  sha256: key.sha256,
  name: 'test',
  scopes: more.scopes ?? [],
  expiresAtMs: more.expiresAtMs,
});

export const apiKeyRevoked = (principal: string, credential?: string): DomainEvent => ({
  type: 'ApiKeyRevoked',
  principal,
  credential: credential ?? `key-of-${principal}`,
  cause: 'ADMIN',
});

export const passwordSet = (principal: string, version: number): DomainEvent => ({
  type: 'PasswordSet',
  principal,
  credential: `password-of-${principal}`,
  version,
  hash: blob,
  params: 'm=19456,t=2,p=1',
  cause: 'ADMIN',
  mustChange: false,
});

/** A tenant whose service account `gateway` may ask everything: its events, and its API key. */
export function tenantWithCaller(slug: string, caller = 'gateway') {
  const key = generateApiKey(systemRandom);
  const asks = ['ask', 'ask-any', 'explain'].map((verb) => `ledgate.authorizer:${verb}`);
  const role = `${slug}-asker`;
  const events: DomainEvent[] = [
    tenantCreated(slug),
    ...asks.map((permission) => permissionDefined(permission)),
    roleCreated(role, asks),
    registered(caller, 'SERVICE'),
    granted(caller, role),
    apiKeyCreated(caller, key),
  ];
  return { events, apiKey: key.text };
}
