import type {
  ApiKeyCreated,
  ApiKeyRevoked,
  CredentialBlocked,
  CredentialRenamed,
  CredentialUnblocked,
  PasswordRehashed,
  PasswordRemoved,
  PasswordSet,
} from './catalogue/credential.js';
import type {
  GrantChanged,
  GrantRevoked,
  GroupCreated,
  GroupDeleted,
  GroupMemberAdded,
  GroupMemberRemoved,
  RoleGranted,
} from './catalogue/grant.js';
import type {
  LoginNameAdded,
  LoginNameRemoved,
  PrincipalDeleted,
  PrincipalRegistered,
  PrincipalResumed,
  PrincipalSuspended,
  ProfileChanged,
  SessionsInvalidated,
  SubjectErased,
} from './catalogue/principal.js';
import type {
  PermissionChanged,
  PermissionDefined,
  PermissionRetired,
  RoleCreated,
  RoleDeleted,
  RoleParentsChanged,
  RolePermissionsChanged,
  RoleRenamed,
} from './catalogue/role.js';
import type {
  SigningKeyActivated,
  SigningKeyCompromised,
  SigningKeyPublished,
  SigningKeyRemoved,
  WatermarkRaised,
} from './catalogue/signing-key.js';
import type {
  TenantCreated,
  TenantDeleted,
  TenantResumed,
  TenantSettingsChanged,
  TenantSuspended,
} from './catalogue/tenant.js';

export type { VaultRef } from './catalogue/vault-ref.js';
export {
  principalKinds,
  loginNameKinds,
  risks,
  subjectKinds,
  passwordCauses,
  origins,
  watermarkScopes,
  signingAlgorithms,
  causes,
} from './catalogue/closed-sets.js';
export type {
  PrincipalKind,
  LoginNameKind,
  Risk,
  SubjectKind,
  PasswordCause,
  Origin,
  WatermarkScope,
  SigningAlgorithm,
  Cause,
} from './catalogue/closed-sets.js';
export type { TenantSettings } from './catalogue/tenant.js';
export type { LoginName } from './catalogue/principal.js';
export type { ApiKeyCreated } from './catalogue/credential.js';
export type { PermissionDefined, RoleCreated } from './catalogue/role.js';
export type { RoleGranted } from './catalogue/grant.js';
export type { SigningKeyActivated } from './catalogue/signing-key.js';

/**
 * The event catalogue of ledger L: what can happen, and nothing else. Events are facts in the past
 * tense; each belongs to the tenant of its record. Ids are UUIDv7 strings and never reused; names are
 * looked up, never referenced. Hashes are SHA-256 in base64url. Times are ms since the Unix epoch.
 * "Own position" below means the ledger position of the record that carries the event.
 */
export type DomainEvent =
  | TenantCreated
  | TenantSettingsChanged
  | TenantSuspended
  | TenantResumed
  | TenantDeleted
  | PrincipalRegistered
  | LoginNameAdded
  | LoginNameRemoved
  | ProfileChanged
  | PrincipalSuspended
  | PrincipalResumed
  | SessionsInvalidated
  | PrincipalDeleted
  | SubjectErased
  | PasswordSet
  | PasswordRehashed
  | PasswordRemoved
  | ApiKeyCreated
  | ApiKeyRevoked
  | CredentialRenamed
  | CredentialBlocked
  | CredentialUnblocked
  | PermissionDefined
  | PermissionChanged
  | PermissionRetired
  | RoleCreated
  | RolePermissionsChanged
  | RoleParentsChanged
  | RoleRenamed
  | RoleDeleted
  | GroupCreated
  | GroupDeleted
  | GroupMemberAdded
  | GroupMemberRemoved
  | RoleGranted
  | GrantChanged
  | GrantRevoked
  | SigningKeyPublished
  | SigningKeyActivated
  | SigningKeyRemoved
  | SigningKeyCompromised
  | WatermarkRaised;

export type EventType = DomainEvent['type'];
