import type { EventType } from './catalogue.js';

/** Events that take something away: how fast they are known everywhere is what revocation is worth. */
export const revokingEvents: ReadonlySet<EventType> = new Set([
  'TenantSuspended',
  'TenantDeleted',
  'PrincipalSuspended',
  'PrincipalDeleted',
  'SessionsInvalidated',
  'PasswordSet',
  'PasswordRemoved',
  'ApiKeyRevoked',
  'CredentialBlocked',
  'PermissionRetired',
  'RolePermissionsChanged',
  'RoleParentsChanged',
  'RoleDeleted',
  'GroupDeleted',
  'GroupMemberRemoved',
  'GrantRevoked',
  'SigningKeyCompromised',
  'WatermarkRaised',
]);
