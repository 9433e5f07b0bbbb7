import type { DomainEvent, EventType } from './catalogue.js';

export const publicTopics = ['credential', 'role', 'revocation'] as const;
/** Names of the public topics without prefix and version: `auth.<topic>.v1`. */
export type PublicTopic = (typeof publicTopics)[number];

type EventOf<T extends EventType> = Extract<DomainEvent, { type: T }>;

/** What an event is about, and what it must stay in order with (default: the same). */
interface About {
  readonly kind: string;
  readonly id: string;
  readonly key?: string | undefined;
}

/** How one event is made public. */
export interface PublicRule<T extends EventType, Data> {
  /** Second part of the wire type. */
  readonly aggregate: string;
  readonly topics: readonly PublicTopic[];
  readonly about: (event: EventOf<T>, tenant: string) => About;
  /** The white list: only what is named here leaves the ledger. */
  readonly data: (event: EventOf<T>) => Data;
}

const credential: readonly PublicTopic[] = ['credential'];
const role: readonly PublicTopic[] = ['role'];
const revocation: readonly PublicTopic[] = ['revocation'];
const roleAndRevocation: readonly PublicTopic[] = ['role', 'revocation'];
const notPublic = 'not public';

function open<
  const T extends EventType,
  const Fields extends readonly (keyof EventOf<T> & string)[],
>(
  _type: T,
  rule: Omit<PublicRule<T, unknown>, 'data'>,
  ...fields: Fields
): PublicRule<T, Pick<EventOf<T>, Fields[number]>> {
  const data = (event: EventOf<T>) =>
    Object.fromEntries(fields.map((field) => [field, event[field]])) as Pick<
      EventOf<T>,
      Fields[number]
    >;
  return { ...rule, data };
}

const ofTenant = (_: unknown, tenant: string): About => ({ kind: 'tenant', id: tenant });
const ofPrincipal = ({ principal }: { readonly principal: string }): About => ({
  kind: 'principal',
  id: principal,
});
const ofCredential = (event: { readonly credential: string; readonly principal: string }) => ({
  kind: 'credential',
  id: event.credential,
  key: event.principal,
});
const ofPermission = ({ permission }: { readonly permission: string }): About => ({
  kind: 'permission',
  id: permission,
});
const ofRole = (event: { readonly role: string }): About => ({ kind: 'role', id: event.role });
const ofGroup = ({ group }: { readonly group: string }): About => ({ kind: 'group', id: group });
const ofMember = (event: { readonly group: string; readonly principal: string }): About => ({
  kind: 'group',
  id: event.group,
  key: event.principal,
});
const ofGrant = (event: { readonly grant: string; readonly subject: string }): About => ({
  kind: 'grant',
  id: event.grant,
  key: event.subject,
});
const ofScope = ({ scope, id }: EventOf<'WatermarkRaised'>): About => ({
  kind: 'watermark',
  id: id === '' ? scope : `${scope}/${id}`,
  key: id === '' ? scope : id,
});
const ofKey = ({ kid }: { readonly kid: string }): About => ({ kind: 'signing-key', id: kid });

const tenant = { aggregate: 'tenant', about: ofTenant };
const principal = { aggregate: 'principal', about: ofPrincipal };
const ofCredentials = { aggregate: 'credential', about: ofCredential };
const permission = { aggregate: 'role', about: ofPermission };
const roles = { aggregate: 'role', about: ofRole };
const group = { aggregate: 'group', about: ofGroup };
const member = { aggregate: 'group', about: ofMember };
const grant = { aggregate: 'grant', about: ofGrant };
const signingKey = { aggregate: 'signing_key', about: ofKey };

const credentialFields = ['principal', 'credential'] as const;
const permissionFields = [
  'permission',
  'resourceType',
  'risk',
  'maxStalenessMs',
  'auditRequired',
] as const;
const edited = ['role', 'added', 'removed'] as const;
const grantFields = ['grant', 'subjectKind', 'subject', 'role', 'resourcePrefix', 'admin'] as const;
const keyFields = ['kid', 'issuer'] as const;

/**
 * Every event of the catalogue: where it is published and which of its fields are, or that it is not.
 * Fields are ids, kinds, causes, expiries, counters, and the names of roles, permissions and scopes.
 */
export const publicRules = {
  TenantCreated: open('TenantCreated', { ...tenant, topics: role }),
  TenantSettingsChanged: {
    ...tenant,
    topics: role,
    data: ({ settings }: EventOf<'TenantSettingsChanged'>) => ({
      passwordMinLength: settings.passwordMinLength,
      accessTokenTtlMs: settings.accessTokenTtlMs,
      softStalenessMs: settings.softStalenessMs,
      hardStalenessMs: settings.hardStalenessMs,
    }),
  },
  TenantSuspended: open('TenantSuspended', { ...tenant, topics: revocation }),
  TenantResumed: open('TenantResumed', { ...tenant, topics: role }),
  TenantDeleted: open('TenantDeleted', { ...tenant, topics: revocation }, 'eraseAfterMs'),

  PrincipalRegistered: open(
    'PrincipalRegistered',
    { ...principal, topics: credential },
    ...(['principal', 'kind', 'origin'] as const),
  ),
  LoginNameAdded: {
    ...principal,
    topics: credential,
    data: ({ principal: id, loginName }: EventOf<'LoginNameAdded'>) => ({
      principal: id,
      kind: loginName.kind,
      verified: loginName.verified,
    }),
  },
  LoginNameRemoved: open('LoginNameRemoved', { ...principal, topics: credential }, 'principal'),
  ProfileChanged: notPublic,
  PrincipalSuspended: open(
    'PrincipalSuspended',
    { ...principal, topics: revocation },
    'principal',
    'untilMs',
  ),
  PrincipalResumed: open('PrincipalResumed', { ...principal, topics: credential }, 'principal'),
  SessionsInvalidated: open(
    'SessionsInvalidated',
    { ...principal, topics: revocation },
    'principal',
    'cause',
  ),
  PrincipalDeleted: open('PrincipalDeleted', { ...principal, topics: revocation }, 'principal'),
  SubjectErased: open('SubjectErased', { ...principal, topics: revocation }, 'principal'),

  PasswordSet: open(
    'PasswordSet',
    { ...ofCredentials, topics: ['credential', 'revocation'] },
    ...credentialFields,
    'version',
    'cause',
    'mustChange',
  ),
  PasswordRehashed: notPublic,
  PasswordRemoved: open(
    'PasswordRemoved',
    { ...ofCredentials, topics: credential },
    ...credentialFields,
    'cause',
  ),
  ApiKeyCreated: open(
    'ApiKeyCreated',
    { ...ofCredentials, topics: credential },
    ...credentialFields,
    'scopes',
    'resourcePrefix',
    'expiresAtMs',
    'replaces',
    'overlapUntilMs',
  ),
  ApiKeyRevoked: open(
    'ApiKeyRevoked',
    { ...ofCredentials, topics: revocation },
    ...credentialFields,
    'cause',
  ),
  CredentialRenamed: notPublic,
  CredentialBlocked: open(
    'CredentialBlocked',
    { ...ofCredentials, topics: revocation },
    ...credentialFields,
    'cause',
  ),
  CredentialUnblocked: open(
    'CredentialUnblocked',
    { ...ofCredentials, topics: credential },
    ...credentialFields,
  ),

  PermissionDefined: open(
    'PermissionDefined',
    { ...permission, topics: role },
    ...permissionFields,
  ),
  PermissionChanged: open(
    'PermissionChanged',
    { ...permission, topics: role },
    ...permissionFields,
  ),
  PermissionRetired: open('PermissionRetired', { ...permission, topics: role }, 'permission'),
  RoleCreated: open(
    'RoleCreated',
    { ...roles, topics: role },
    'role',
    'name',
    'permissions',
    'parents',
    'admin',
  ),
  RolePermissionsChanged: open('RolePermissionsChanged', { ...roles, topics: role }, ...edited),
  RoleParentsChanged: open('RoleParentsChanged', { ...roles, topics: role }, ...edited),
  RoleRenamed: open('RoleRenamed', { ...roles, topics: role }, 'role', 'oldName', 'name'),
  RoleDeleted: open(
    'RoleDeleted',
    { ...roles, topics: roleAndRevocation },
    'role',
    'name',
    'admin',
  ),

  GroupCreated: open('GroupCreated', { ...group, topics: role }, 'group'),
  GroupDeleted: open('GroupDeleted', { ...group, topics: roleAndRevocation }, 'group'),
  GroupMemberAdded: open('GroupMemberAdded', { ...member, topics: role }, 'group', 'principal'),
  GroupMemberRemoved: open(
    'GroupMemberRemoved',
    { ...member, topics: roleAndRevocation },
    'group',
    'principal',
  ),
  RoleGranted: open('RoleGranted', { ...grant, topics: role }, ...grantFields, 'expiresAtMs'),
  GrantChanged: open(
    'GrantChanged',
    { ...grant, topics: role },
    ...grantFields,
    'oldExpiresAtMs',
    'expiresAtMs',
  ),
  GrantRevoked: open(
    'GrantRevoked',
    { ...grant, topics: roleAndRevocation },
    ...grantFields,
    'cause',
  ),

  SigningKeyPublished: open(
    'SigningKeyPublished',
    { ...signingKey, topics: credential },
    ...keyFields,
    'algorithm',
    'activateNotBeforeMs',
  ),
  SigningKeyActivated: open(
    'SigningKeyActivated',
    { ...signingKey, topics: credential },
    ...keyFields,
    'previousKid',
    'retireAfterMs',
  ),
  SigningKeyRemoved: open('SigningKeyRemoved', { ...signingKey, topics: credential }, ...keyFields),
  SigningKeyCompromised: open(
    'SigningKeyCompromised',
    { ...signingKey, topics: revocation },
    ...keyFields,
  ),
  WatermarkRaised: open(
    'WatermarkRaised',
    { aggregate: 'watermark', about: ofScope, topics: revocation },
    'scope',
    'id',
    'cause',
  ),
} as const satisfies { readonly [T in EventType]: PublicRule<T, object> | typeof notPublic };

type Rules = typeof publicRules;
/** Events of the catalogue that others are told of. */
export type PublicEventType = {
  [T in EventType]: Rules[T] extends typeof notPublic ? never : T;
}[EventType];
/** What is published of an event. */
export type PublicData<T extends PublicEventType> =
  Rules[T] extends PublicRule<T, infer Data> ? Data : never;
