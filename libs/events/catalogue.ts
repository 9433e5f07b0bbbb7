import type { ClientEvent } from './catalogue/client.js';
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
import type { EndpointEvent } from './catalogue/endpoint.js';
import type { FactorEvent } from './catalogue/factor.js';
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
  ExternalIdentityLinked,
  ExternalIdentityUnlinked,
  LoginNameAdded,
  LoginNameRemoved,
  LoginNameVerified,
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
import type { SessionEvent } from './catalogue/session.js';
import type { ShortLivedEvent } from './catalogue/short-lived.js';
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
  factorKinds,
  factorDemands,
  otpChannels,
  otpAlgorithms,
  certificateKinds,
  removableCredentials,
  clientKinds,
  clientAuthMethods,
  clientGrantTypes,
  endpointProtocols,
  endpointCredentials,
  linkPolicies,
  sessionEndCauses,
  familyEndCauses,
  tokenEndCauses,
  challengeKinds,
  attemptFactors,
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
  FactorKind,
  FactorDemand,
  OtpChannel,
  OtpAlgorithm,
  CertificateKind,
  RemovableCredential,
  ClientKind,
  ClientAuthMethod,
  ClientGrantType,
  EndpointProtocol,
  EndpointCredential,
  LinkPolicy,
  SessionEndCause,
  FamilyEndCause,
  TokenEndCause,
  ChallengeKind,
  AttemptFactor,
} from './catalogue/closed-sets.js';
export type { FactorPolicy, TenantSettings } from './catalogue/tenant.js';
export type { ExternalIdentityLinked, LoginName } from './catalogue/principal.js';
export type { ApiKeyCreated } from './catalogue/credential.js';
export type { PermissionDefined, RoleCreated } from './catalogue/role.js';
export type { RoleGranted } from './catalogue/grant.js';
export type { SigningKeyActivated } from './catalogue/signing-key.js';
export type {
  ClientAudience,
  ClientSettings,
  ClientRegistered,
  ClientChanged,
  ClientSuspended,
  ClientResumed,
  ClientDeleted,
  ConsentGiven,
  ConsentWithdrawn,
  UpstreamProviderSet,
  UpstreamSecondFactor,
  UpstreamProviderRemoved,
  ClientEvent,
} from './catalogue/client.js';
export type {
  ScopeDefined,
  ScopeChanged,
  ScopeRetired,
  EndpointRule,
  EndpointRuleSet,
  EndpointRuleRemoved,
  EndpointRulesReplaced,
  EndpointEvent,
} from './catalogue/endpoint.js';
export type {
  TotpEnrolled,
  OtpChannelEnrolled,
  PasskeyRegistered,
  RecoveryCodesGenerated,
  RecoveryCodeConsumed,
  CertificateBound,
  ClientSecretCreated,
  CredentialRemoved,
  FactorEvent,
} from './catalogue/factor.js';
export type {
  SessionFacts,
  UsedProofs,
  UsedRecoveryCode,
  SessionStarted,
  SessionSteppedUp,
  SessionExtended,
  SessionEnded,
  RefreshFamilyFacts,
  RefreshFamilyStarted,
  RefreshRotated,
  RefreshFamilyRevoked,
  TokenRevoked,
  SessionEvent,
} from './catalogue/session.js';
export type {
  ChallengeIssued,
  ChallengeAttempted,
  AuthorizationCodeIssued,
  AuthorizationCodeReplayed,
  AssertionUsed,
  DeviceCodeIssued,
  DeviceCodeApproved,
  DeviceCodeDenied,
  DeviceCodeRedeemed,
  AttemptsRecorded,
  SessionLinked,
  ShortLivedEvent,
} from './catalogue/short-lived.js';

/**
 * The event catalogue: what can happen, and nothing else. The events of ledger L (auth.ledger.v1). Events are facts in the past
 * tense; each belongs to the tenant of its record. Ids are UUIDv7 strings and never reused; names are
 * looked up, never referenced. Hashes are SHA-256 in base64url. Times are ms since the Unix epoch.
 * "Own position" below means the ledger position of the record that carries the event.
 */
export type StateLedgerEvent =
  | TenantCreated
  | TenantSettingsChanged
  | TenantSuspended
  | TenantResumed
  | TenantDeleted
  | PrincipalRegistered
  | LoginNameAdded
  | LoginNameRemoved
  | LoginNameVerified
  | ExternalIdentityLinked
  | ExternalIdentityUnlinked
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
  | WatermarkRaised
  | FactorEvent
  | EndpointEvent
  | ClientEvent;

/**
 * The events of ledger S (auth.session.v1), which is kept only for a time: sessions, refresh families,
 * revoked tokens, and what lives shortly.
 */
export type SessionLedgerEvent = SessionEvent | ShortLivedEvent;

/** Every event: one codec and one table of keys for both ledgers. A state meets those of its own. */
export type DomainEvent = StateLedgerEvent | SessionLedgerEvent;

export type EventType = DomainEvent['type'];
