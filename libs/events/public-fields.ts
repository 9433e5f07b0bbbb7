import type { DomainEvent, EventType, SessionLedgerEvent } from './catalogue.js';

/** The three topics that others read. */
export const publicTopics = ['credential', 'role', 'revocation'] as const;
export type PublicTopic = (typeof publicTopics)[number];

/** Nobody else needs to know of them. Whatever the catalogue has is here or in the white list. */
type NotPublic =
  | 'ProfileChanged'
  | 'PasswordRehashed'
  | 'CredentialRenamed'
  | Exclude<SessionLedgerEvent['type'], 'SessionEnded' | 'RefreshFamilyRevoked' | 'TokenRevoked'>;

/**
 * The white list: which events others may know of, on which topics, and which fields of them. What is
 * not named here is not public: names of people, free text, hashes, references into the vault.
 */
export const publicFields = {
  TenantCreated: { topics: ['role'], fields: [] },
  TenantSettingsChanged: { topics: ['role'], fields: [] },
  TenantSuspended: { topics: ['revocation'], fields: [] },
  TenantResumed: { topics: ['role'], fields: [] },
  TenantDeleted: { topics: ['revocation'], fields: ['eraseAfterMs'] },
  PrincipalRegistered: { topics: ['credential'], fields: ['principal', 'kind', 'origin'] },
  LoginNameAdded: { topics: ['credential'], fields: ['principal'] },
  LoginNameRemoved: { topics: ['credential'], fields: ['principal'] },
  PrincipalSuspended: { topics: ['revocation'], fields: ['principal', 'untilMs'] },
  PrincipalResumed: { topics: ['credential'], fields: ['principal'] },
  SessionsInvalidated: { topics: ['revocation'], fields: ['principal', 'cause'] },
  PrincipalDeleted: { topics: ['revocation'], fields: ['principal'] },
  SubjectErased: { topics: ['revocation'], fields: ['principal'] },
  PasswordSet: {
    topics: ['credential', 'revocation'],
    fields: ['principal', 'credential', 'version', 'cause', 'mustChange'],
  },
  PasswordRemoved: { topics: ['credential'], fields: ['principal', 'credential', 'cause'] },
  ApiKeyCreated: {
    topics: ['credential'],
    fields: [
      'principal',
      'credential',
      'scopes',
      'resourcePrefix',
      'expiresAtMs',
      'replaces',
      'overlapUntilMs',
    ],
  },
  ApiKeyRevoked: { topics: ['revocation'], fields: ['principal', 'credential', 'cause'] },
  CredentialBlocked: { topics: ['revocation'], fields: ['principal', 'credential', 'cause'] },
  CredentialUnblocked: { topics: ['credential'], fields: ['principal', 'credential'] },
  PermissionDefined: {
    topics: ['role'],
    fields: ['permission', 'resourceType', 'risk', 'maxStalenessMs', 'auditRequired'],
  },
  PermissionChanged: {
    topics: ['role'],
    fields: ['permission', 'resourceType', 'risk', 'maxStalenessMs', 'auditRequired'],
  },
  PermissionRetired: { topics: ['role'], fields: ['permission'] },
  RoleCreated: { topics: ['role'], fields: ['role', 'name', 'permissions', 'parents', 'admin'] },
  RolePermissionsChanged: { topics: ['role'], fields: ['role', 'added', 'removed'] },
  RoleParentsChanged: { topics: ['role'], fields: ['role', 'added', 'removed'] },
  RoleRenamed: { topics: ['role'], fields: ['role', 'oldName', 'name'] },
  RoleDeleted: { topics: ['role', 'revocation'], fields: ['role', 'name', 'parents', 'admin'] },
  GroupCreated: { topics: ['role'], fields: ['group'] },
  GroupDeleted: { topics: ['role', 'revocation'], fields: ['group'] },
  GroupMemberAdded: { topics: ['role'], fields: ['group', 'principal'] },
  GroupMemberRemoved: { topics: ['role', 'revocation'], fields: ['group', 'principal'] },
  RoleGranted: {
    topics: ['role'],
    fields: ['grant', 'subjectKind', 'subject', 'role', 'resourcePrefix', 'expiresAtMs', 'admin'],
  },
  GrantChanged: {
    topics: ['role'],
    fields: [
      'grant',
      'subjectKind',
      'subject',
      'role',
      'resourcePrefix',
      'oldExpiresAtMs',
      'expiresAtMs',
      'admin',
    ],
  },
  GrantRevoked: {
    topics: ['role', 'revocation'],
    fields: ['grant', 'subjectKind', 'subject', 'role', 'resourcePrefix', 'cause', 'admin'],
  },
  SigningKeyPublished: {
    topics: ['credential'],
    fields: ['kid', 'issuer', 'algorithm', 'publicJwk', 'activateNotBeforeMs'],
  },
  SigningKeyActivated: {
    topics: ['credential'],
    fields: ['kid', 'issuer', 'previousKid', 'retireAfterMs'],
  },
  SigningKeyRemoved: { topics: ['credential'], fields: ['kid', 'issuer'] },
  SigningKeyCompromised: { topics: ['revocation'], fields: ['kid', 'issuer'] },
  WatermarkRaised: { topics: ['revocation'], fields: ['scope', 'id', 'cause'] },
  LoginNameVerified: { topics: ['credential'], fields: ['principal'] },
  ExternalIdentityLinked: { topics: ['credential'], fields: ['principal', 'provider'] },
  ExternalIdentityUnlinked: { topics: ['credential'], fields: ['principal', 'provider', 'cause'] },
  TotpEnrolled: { topics: ['credential'], fields: ['principal', 'credential'] },
  OtpChannelEnrolled: { topics: ['credential'], fields: ['principal', 'credential', 'channel'] },
  PasskeyRegistered: {
    topics: ['credential'],
    fields: ['principal', 'credential', 'userVerified', 'backupEligible'],
  },
  RecoveryCodesGenerated: {
    topics: ['credential'],
    fields: ['principal', 'credential', 'generation'],
  },
  RecoveryCodeConsumed: {
    topics: ['credential'],
    fields: ['principal', 'credential', 'remaining'],
  },
  CertificateBound: { topics: ['credential'], fields: ['principal', 'credential', 'expiresAtMs'] },
  ClientSecretCreated: {
    topics: ['credential'],
    fields: ['principal', 'client', 'credential', 'expiresAtMs', 'replaces', 'overlapUntilMs'],
  },
  CredentialRemoved: {
    topics: ['revocation'],
    fields: ['principal', 'credential', 'kind', 'client', 'cause'],
  },
  ScopeDefined: { topics: ['role'], fields: ['scope', 'permissions', 'consentRequired'] },
  ScopeChanged: { topics: ['role'], fields: ['scope', 'permissions', 'consentRequired'] },
  ScopeRetired: { topics: ['role'], fields: ['scope'] },
  EndpointRuleSet: { topics: ['role'], fields: ['api'] },
  EndpointRuleRemoved: { topics: ['role'], fields: ['api', 'rule'] },
  EndpointRulesReplaced: { topics: ['role'], fields: ['api', 'sourceDigest'] },
  ClientRegistered: { topics: ['credential'], fields: ['client', 'principal', 'kind'] },
  ClientChanged: { topics: ['credential'], fields: ['client', 'principal'] },
  ClientSuspended: { topics: ['revocation'], fields: ['client', 'principal'] },
  ClientResumed: { topics: ['credential'], fields: ['client', 'principal'] },
  ClientDeleted: { topics: ['revocation'], fields: ['client', 'principal'] },
  ConsentGiven: {
    topics: ['credential'],
    fields: ['principal', 'client', 'scopes', 'audience', 'expiresAtMs'],
  },
  ConsentWithdrawn: { topics: ['revocation'], fields: ['principal', 'client'] },
  UpstreamProviderSet: { topics: ['role'], fields: ['provider', 'enabled'] },
  UpstreamProviderRemoved: { topics: ['role'], fields: ['provider'] },
  SessionEnded: {
    topics: ['revocation'],
    fields: ['session', 'principal', 'cause', 'expiresAtMs'],
  },
  RefreshFamilyRevoked: {
    topics: ['revocation'],
    fields: ['family', 'principal', 'client', 'cause', 'accessExpiresAtMs'],
  },
  TokenRevoked: {
    topics: ['revocation'],
    fields: ['jti', 'principal', 'client', 'expiresAtMs', 'cause'],
  },
} as const satisfies {
  readonly [T in Exclude<EventType, NotPublic>]: {
    readonly topics: readonly PublicTopic[];
    readonly fields: readonly Exclude<keyof Extract<DomainEvent, { type: T }>, 'type'>[];
  };
};
