/**
 * The event catalogue of ledger L: what can happen, and nothing else. Events are facts in the past
 * tense; each belongs to the tenant of its record. Ids are UUIDv7 strings and never reused; names are
 * looked up, never referenced. Hashes are SHA-256 in base64url. Times are ms since the Unix epoch.
 * "Own position" below means the ledger position of the record that carries the event.
 */

/** A sealed blob in the vault, and the SHA-256 of its bytes (base64url). */
export interface VaultRef {
  readonly id: string;
  readonly sha256: string;
}

/** The closed sets: a value outside its set does not decode. */
export const principalKinds = ['USER', 'SERVICE'] as const;
export const loginNameKinds = ['USERNAME', 'EMAIL'] as const;
export const risks = ['NORMAL', 'SENSITIVE'] as const;
export const subjectKinds = ['PRINCIPAL', 'GROUP'] as const;
export const passwordCauses = ['CHANGE', 'RESET', 'ADMIN', 'IMPORT'] as const;
export const origins = ['SIGNUP', 'ADMIN', 'IDP', 'IMPORT'] as const;
export const watermarkScopes = ['PRINCIPAL', 'CLIENT', 'TENANT', 'ALL'] as const;
export const signingAlgorithms = ['EdDSA', 'ES256', 'RS256'] as const;
/** Why something was taken away. Closed, because causes are public; words go into the reason. */
export const causes = [
  'OWNER',
  'ADMIN',
  'COMPROMISE',
  'CLONE_DETECTED',
  'ROTATION',
  'REVIEW',
] as const;

export type PrincipalKind = (typeof principalKinds)[number];
export type LoginNameKind = (typeof loginNameKinds)[number];
export type Risk = (typeof risks)[number];
export type SubjectKind = (typeof subjectKinds)[number];
export type PasswordCause = (typeof passwordCauses)[number];
export type Origin = (typeof origins)[number];
export type WatermarkScope = (typeof watermarkScopes)[number];
export type SigningAlgorithm = (typeof signingAlgorithms)[number];
export type Cause = (typeof causes)[number];

/** Per-tenant settings; an absent field means the default of `docs/operations.md`. */
export interface TenantSettings {
  readonly passwordMinLength?: number | undefined;
  readonly accessTokenTtlMs?: number | undefined;
  readonly softStalenessMs?: number | undefined;
  readonly hardStalenessMs?: number | undefined;
}

// -- tenant
export interface TenantCreated {
  readonly type: 'TenantCreated';
  readonly slug: string;
  readonly displayName: string;
  readonly settings: TenantSettings | undefined;
  /** The sealed key of the tenant's blind indexes. */
  readonly blindIndexKey: VaultRef;
}
export interface TenantSettingsChanged {
  readonly type: 'TenantSettingsChanged';
  /** Only the changed fields. */
  readonly settings: TenantSettings;
}
export interface TenantSuspended {
  readonly type: 'TenantSuspended';
}
export interface TenantResumed {
  readonly type: 'TenantResumed';
}
export interface TenantDeleted {
  readonly type: 'TenantDeleted';
  readonly slug: string;
  readonly eraseAfterMs: number;
}

// -- principal
export interface LoginName {
  readonly kind: LoginNameKind;
  /** HMAC of the canonical name under the tenant's blind-index key (base64url). */
  readonly blindIndex: string;
  readonly value: VaultRef;
  readonly verified: boolean;
}
export interface PrincipalRegistered {
  readonly type: 'PrincipalRegistered';
  readonly principal: string;
  readonly kind: PrincipalKind;
  readonly profile: VaultRef | undefined;
  readonly loginNames: readonly LoginName[];
  readonly origin: Origin;
}
export interface LoginNameAdded {
  readonly type: 'LoginNameAdded';
  readonly principal: string;
  readonly loginName: LoginName;
}
export interface LoginNameRemoved {
  readonly type: 'LoginNameRemoved';
  readonly principal: string;
  readonly blindIndex: string;
}
export interface ProfileChanged {
  readonly type: 'ProfileChanged';
  readonly principal: string;
  readonly profile: VaultRef | undefined;
}
export interface PrincipalSuspended {
  readonly type: 'PrincipalSuspended';
  readonly principal: string;
  /** Suspended until then (filtered at evaluation); absent: until resumed. */
  readonly untilMs?: number | undefined;
  /** The principal holds an admin grant: the last active admin cannot be suspended. */
  readonly admin: boolean;
}
export interface PrincipalResumed {
  readonly type: 'PrincipalResumed';
  readonly principal: string;
  readonly admin: boolean;
}
/** Everything issued to the principal before the own position is dead. */
export interface SessionsInvalidated {
  readonly type: 'SessionsInvalidated';
  readonly principal: string;
  readonly cause: Cause;
}
export interface PrincipalDeleted {
  readonly type: 'PrincipalDeleted';
  readonly principal: string;
  /** Blind indexes of the login names that become free. */
  readonly blindIndexes: readonly string[];
  readonly admin: boolean;
}

// -- credential
export interface PasswordSet {
  readonly type: 'PasswordSet';
  readonly principal: string;
  readonly credential: string;
  /** Counts up with each PasswordSet of the principal; the first is 1. */
  readonly version: number;
  /** The sealed argon2id hash in PHC string format. */
  readonly hash: VaultRef;
  /** The argon2 parameters in clear (`m=19456,t=2,p=1`), so that rehashing can be decided. */
  readonly params: string;
  readonly cause: PasswordCause;
  readonly mustChange: boolean;
}
export interface PasswordRehashed {
  readonly type: 'PasswordRehashed';
  readonly principal: string;
  readonly credential: string;
  readonly version: number;
  readonly hash: VaultRef;
  readonly params: string;
}
export interface PasswordRemoved {
  readonly type: 'PasswordRemoved';
  readonly principal: string;
  readonly credential: string;
  readonly cause: Cause;
}
export interface ApiKeyCreated {
  readonly type: 'ApiKeyCreated';
  readonly principal: string;
  readonly credential: string;
  /** The first 8 characters after the `lgk_` marker, for recognition only. */
  readonly prefix: string;
  /** SHA-256 of the whole key text. */
  readonly sha256: string;
  readonly name: string;
  /** Permission patterns that limit what the principal's roles allow; empty: no limit. */
  readonly scopes: readonly string[];
  readonly resourcePrefix?: string | undefined;
  readonly expiresAtMs?: number | undefined;
  /** Rotation: the credential that this one replaces stays valid until `overlapUntilMs`. */
  readonly replaces?: string | undefined;
  readonly overlapUntilMs?: number | undefined;
}
export interface ApiKeyRevoked {
  readonly type: 'ApiKeyRevoked';
  readonly principal: string;
  readonly credential: string;
  readonly cause: Cause;
}
export interface CredentialRenamed {
  readonly type: 'CredentialRenamed';
  readonly principal: string;
  readonly credential: string;
  readonly name: string;
}
export interface CredentialBlocked {
  readonly type: 'CredentialBlocked';
  readonly principal: string;
  readonly credential: string;
  readonly cause: Cause;
}
export interface CredentialUnblocked {
  readonly type: 'CredentialUnblocked';
  readonly principal: string;
  readonly credential: string;
}

// -- permission and role
export interface PermissionDefined {
  readonly type: 'PermissionDefined';
  /** `<area>:<verb>`, e.g. `orders:read`. */
  readonly permission: string;
  readonly resourceType: string;
  readonly description: string;
  readonly risk: Risk;
  readonly maxStalenessMs?: number | undefined;
}
export interface PermissionChanged {
  readonly type: 'PermissionChanged';
  readonly permission: string;
  readonly resourceType: string;
  readonly description: string;
  readonly risk: Risk;
  readonly maxStalenessMs?: number | undefined;
}
export interface PermissionRetired {
  readonly type: 'PermissionRetired';
  readonly permission: string;
}
export interface RoleCreated {
  readonly type: 'RoleCreated';
  readonly role: string;
  readonly name: string;
  /** Exact permissions or patterns (`orders:*`, `*`). */
  readonly permissions: readonly string[];
  readonly parents: readonly string[];
  /** Confers tenant administration: only principals, never groups, may hold it. */
  readonly admin: boolean;
}
export interface RolePermissionsChanged {
  readonly type: 'RolePermissionsChanged';
  readonly role: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}
export interface RoleParentsChanged {
  readonly type: 'RoleParentsChanged';
  readonly role: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}
export interface RoleRenamed {
  readonly type: 'RoleRenamed';
  readonly role: string;
  readonly oldName: string;
  readonly name: string;
}
export interface RoleDeleted {
  readonly type: 'RoleDeleted';
  readonly role: string;
  readonly name: string;
  readonly parents: readonly string[];
  readonly admin: boolean;
}

// -- group and grant
export interface GroupCreated {
  readonly type: 'GroupCreated';
  readonly group: string;
  readonly name: string;
}
export interface GroupDeleted {
  readonly type: 'GroupDeleted';
  readonly group: string;
  readonly name: string;
}
export interface GroupMemberAdded {
  readonly type: 'GroupMemberAdded';
  readonly group: string;
  readonly principal: string;
}
export interface GroupMemberRemoved {
  readonly type: 'GroupMemberRemoved';
  readonly group: string;
  readonly principal: string;
}
export interface RoleGranted {
  readonly type: 'RoleGranted';
  readonly grant: string;
  readonly subjectKind: SubjectKind;
  readonly subject: string;
  readonly role: string;
  /** Path prefix that the grant covers, segment by segment; `''` covers every resource. */
  readonly resourcePrefix: string;
  readonly expiresAtMs?: number | undefined;
  readonly ticket?: string | undefined;
  readonly admin: boolean;
}
/** Grant events carry the tuple (subject, role, prefix), which identifies a live grant. */
export interface GrantChanged {
  readonly type: 'GrantChanged';
  readonly grant: string;
  readonly subjectKind: SubjectKind;
  readonly subject: string;
  readonly role: string;
  readonly resourcePrefix: string;
  readonly oldExpiresAtMs?: number | undefined;
  /** The new expiry; absent: it no longer expires. */
  readonly expiresAtMs?: number | undefined;
  readonly admin: boolean;
}
export interface GrantRevoked {
  readonly type: 'GrantRevoked';
  readonly grant: string;
  readonly subjectKind: SubjectKind;
  readonly subject: string;
  readonly role: string;
  readonly resourcePrefix: string;
  readonly cause: Cause;
  readonly admin: boolean;
}

// -- signing key and watermark
export interface SigningKeyPublished {
  readonly type: 'SigningKeyPublished';
  readonly kid: string;
  readonly issuer: string;
  readonly algorithm: SigningAlgorithm;
  /** Public JWK (RFC 7517) as canonical JSON. */
  readonly publicJwk: string;
  readonly privateKey: VaultRef;
  readonly activateNotBeforeMs: number;
}
export interface SigningKeyActivated {
  readonly type: 'SigningKeyActivated';
  readonly kid: string;
  readonly issuer: string;
  /** The key that was active until now; it verifies until `retireAfterMs`. */
  readonly previousKid?: string | undefined;
  readonly retireAfterMs?: number | undefined;
}
export interface SigningKeyRemoved {
  readonly type: 'SigningKeyRemoved';
  readonly kid: string;
  readonly issuer: string;
}
/** Every token signed by this key is dead at once. */
export interface SigningKeyCompromised {
  readonly type: 'SigningKeyCompromised';
  readonly kid: string;
  readonly issuer: string;
}
/** Everything issued in the scope before the own position is dead. `id` is `''` for ALL. */
export interface WatermarkRaised {
  readonly type: 'WatermarkRaised';
  readonly scope: WatermarkScope;
  readonly id: string;
  readonly cause: Cause;
}

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
