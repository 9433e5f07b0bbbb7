import type { StateLedgerEvent } from './catalogue.js';
import type { ClientEvent } from './catalogue/client.js';
import type { EndpointEvent } from './catalogue/endpoint.js';
import type { FactorEvent } from './catalogue/factor.js';
import type { Key } from './keys.js';
import { global, redeemed, tuple, type EventOf, type KeyMaker, type Writes } from './writes.js';

type StateRows = Exclude<
  StateLedgerEvent['type'],
  (FactorEvent | EndpointEvent | ClientEvent)['type']
>;

const adminsIf = (event: { admin: boolean }, at: KeyMaker, tenant: string): Key[] =>
  event.admin ? [at('admins', tenant)] : [];

const signingKey = (event: { kid: string; issuer: string }): Key[] => [
  global('key', event.kid),
  global('keyring', event.issuer),
];

/** Tenants, principals, passwords, API keys, roles, groups, grants, signing keys, watermarks. */
export const stateWrites: Pick<Writes, StateRows> = {
  TenantCreated: (e, at, t) => [at('tenant', t), at('tenant-settings', t), global('slug', e.slug)],
  TenantSettingsChanged: (_, at, t) => [at('tenant-settings', t)],
  TenantSuspended: (_, at, t) => [at('tenant', t)],
  TenantResumed: (_, at, t) => [at('tenant', t)],
  TenantDeleted: (e, at, t) => [at('tenant', t), global('slug', e.slug)],

  PrincipalRegistered: (e, at) => [
    at('principal', e.principal),
    at('profile', e.principal),
    at('loginnames-of', e.principal),
    ...e.loginNames.map((name) => at('loginname', name.blindIndex)),
    ...redeemed(e, at),
  ],
  LoginNameAdded: (e, at) => [
    at('loginname', e.loginName.blindIndex),
    at('loginnames-of', e.principal),
  ],
  LoginNameRemoved: (e, at) => [at('loginname', e.blindIndex), at('loginnames-of', e.principal)],
  LoginNameVerified: (e, at) => [at('loginname', e.blindIndex), ...redeemed(e, at)],
  ExternalIdentityLinked: (e, at) => [
    at('extid', tuple(e.blindIndex, e.issuer)),
    at('factors-of', e.principal),
  ],
  ExternalIdentityUnlinked: (e, at) => [
    at('extid', tuple(e.blindIndex, e.issuer)),
    at('factors-of', e.principal),
  ],
  ProfileChanged: (e, at) => [at('profile', e.principal)],
  PrincipalSuspended: (e, at, t) => [at('principal', e.principal), ...adminsIf(e, at, t)],
  PrincipalResumed: (e, at, t) => [at('principal', e.principal), ...adminsIf(e, at, t)],
  SessionsInvalidated: (e, at) => [at('sessions-of', e.principal)],
  PrincipalDeleted: (e, at, t) => [
    at('principal', e.principal),
    at('loginnames-of', e.principal),
    at('grants-of', e.principal),
    ...e.blindIndexes.map((index) => at('loginname', index)),
    ...adminsIf(e, at, t),
  ],
  SubjectErased: (e, at) => [
    at('principal', e.principal),
    at('profile', e.principal),
    at('loginnames-of', e.principal),
    at('password-of', e.principal),
    at('erasure', e.principal),
  ],

  PasswordSet: (e, at) => [
    at('password-of', e.principal),
    at('factors-of', e.principal),
    at('sessions-of', e.principal),
    at('credential', e.credential),
    ...redeemed(e, at),
  ],
  PasswordRehashed: (e, at) => [at('password-of', e.principal)],
  PasswordRemoved: (e, at) => [
    at('password-of', e.principal),
    at('factors-of', e.principal),
    at('credential', e.credential),
  ],
  ApiKeyCreated: (e, at) => [
    at('credential', e.credential),
    at('credential-name', e.credential),
    at('apikey', e.sha256),
    at('apikeys-of', e.principal),
    ...(e.replaces === undefined ? [] : [at('credential', e.replaces)]),
  ],
  ApiKeyRevoked: (e, at) => [at('credential', e.credential), at('apikeys-of', e.principal)],
  CredentialRenamed: (e, at) => [at('credential-name', e.credential)],
  CredentialBlocked: (e, at) => [at('credential', e.credential)],
  CredentialUnblocked: (e, at) => [at('credential', e.credential)],

  PermissionDefined: (e, at) => [at('permission', e.permission)],
  PermissionChanged: (e, at) => [at('permission', e.permission)],
  PermissionRetired: (e, at) => [at('permission', e.permission)],
  RoleCreated: (e, at) => [
    at('role', e.role),
    at('rolename', e.name),
    at('rolename-of', e.role),
    at('children-of', e.role),
    ...e.parents.map((parent) => at('children-of', parent)),
  ],
  RolePermissionsChanged: (e, at) => [at('role', e.role)],
  RoleParentsChanged: (e, at) => [
    at('role', e.role),
    ...[...e.added, ...e.removed].map((parent) => at('children-of', parent)),
  ],
  RoleRenamed: (e, at) => [
    at('rolename', e.oldName),
    at('rolename', e.name),
    at('rolename-of', e.role),
  ],
  RoleDeleted: (e, at, t) => [
    at('role', e.role),
    at('rolename', e.name),
    at('rolename-of', e.role),
    at('children-of', e.role),
    ...e.parents.map((parent) => at('children-of', parent)),
    ...adminsIf(e, at, t),
  ],

  GroupCreated: (e, at) => [at('group', e.group), at('groupname', e.name)],
  GroupDeleted: (e, at) => [at('group', e.group), at('groupname', e.name)],
  GroupMemberAdded: (e, at) => [
    at('member', tuple(e.group, e.principal)),
    at('groups-of', e.principal),
  ],
  GroupMemberRemoved: (e, at) => [
    at('member', tuple(e.group, e.principal)),
    at('groups-of', e.principal),
  ],
  RoleGranted: (e, at, t) => grantKeys(e, at, t),
  GrantChanged: (e, at, t) => [
    at('grant', e.grant),
    at('grants-of', e.subject),
    ...adminsIf(e, at, t),
  ],
  GrantRevoked: (e, at, t) => grantKeys(e, at, t),

  SigningKeyPublished: (e) => signingKey(e),
  SigningKeyActivated: (e) => [
    ...signingKey(e),
    ...(e.previousKid === undefined ? [] : [global('key', e.previousKid)]),
  ],
  SigningKeyRemoved: (e) => signingKey(e),
  SigningKeyCompromised: (e) => signingKey(e),
  WatermarkRaised: (e, at) =>
    e.scope === 'ALL'
      ? [global('watermark', tuple(e.scope, ''))]
      : [at('watermark', tuple(e.scope, e.id))],
};

type GrantEvent = EventOf<'RoleGranted' | 'GrantRevoked'>;

function grantKeys(e: GrantEvent, at: KeyMaker, t: string): Key[] {
  return [
    at('grant', e.grant),
    at('granttuple', tuple(e.subject, e.role, e.resourcePrefix)),
    at('grants-of', e.subject),
    ...adminsIf(e, at, t),
  ];
}
