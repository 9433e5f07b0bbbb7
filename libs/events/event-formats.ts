import * as wire from '#proto/ledgate/ledger/v1/events.js';

import {
  causes,
  factorDemands,
  factorKinds,
  loginNameKinds,
  origins,
  passwordCauses,
  principalKinds,
  risks,
  signingAlgorithms,
  subjectKinds,
  watermarkScopes,
} from './catalogue.js';
import type { EventType } from './catalogue.js';
import type { FieldRules } from './field-rules.js';
import { clientFormats } from './client-formats.js';
import {
  credential,
  format,
  optionalForOldReaders,
  principal,
  vaultRef,
  type EventFormat,
} from './event-format.js';
import { factorFormats } from './factor-formats.js';
import { sessionFormats } from './session-formats.js';

const settings: FieldRules = {
  factors: { optional: { allowed: { eachOf: factorKinds }, requiredFor: factorDemands } },
};
const loginName: FieldRules = {
  kind: loginNameKinds,
  blindIndex: 'text',
  value: { message: vaultRef },
};
const hashed: FieldRules = { ...credential, version: 'positive', hash: { message: vaultRef } };
const permission: FieldRules = { permission: 'text', risk: risks };
const grant: FieldRules = {
  grant: 'text',
  subjectKind: subjectKinds,
  subject: 'text',
  role: 'text',
};
const kid: FieldRules = { kid: 'text', issuer: 'text' };

/** Every event of the catalogue: name on the wire, message, rules. An entry is never changed. */
export const eventFormats: { readonly [T in EventType]: EventFormat } = {
  TenantCreated: format('TenantCreated', 'tenant', wire.TenantCreated, {
    slug: 'text',
    settings: { optional: settings },
    blindIndexKey: { message: vaultRef },
  }),
  TenantSettingsChanged: format('TenantSettingsChanged', 'tenant', wire.TenantSettingsChanged, {
    settings: { message: settings },
  }),
  TenantSuspended: format('TenantSuspended', 'tenant', wire.TenantSuspended),
  TenantResumed: format('TenantResumed', 'tenant', wire.TenantResumed),
  TenantDeleted: format('TenantDeleted', 'tenant', wire.TenantDeleted, { slug: 'text' }),

  PrincipalRegistered: format('PrincipalRegistered', 'principal', wire.PrincipalRegistered, {
    ...principal,
    kind: principalKinds,
    profile: { optional: vaultRef },
    loginNames: { each: loginName },
    origin: origins,
  }),
  LoginNameAdded: format('LoginNameAdded', 'principal', wire.LoginNameAdded, {
    ...principal,
    loginName: { message: loginName },
  }),
  LoginNameRemoved: format('LoginNameRemoved', 'principal', wire.LoginNameRemoved, {
    ...principal,
    blindIndex: 'text',
  }),
  ProfileChanged: format(
    'ProfileChanged',
    'principal',
    wire.ProfileChanged,
    { ...principal, profile: { optional: vaultRef } },
    optionalForOldReaders,
  ),
  PrincipalSuspended: format('PrincipalSuspended', 'principal', wire.PrincipalSuspended, principal),
  PrincipalResumed: format('PrincipalResumed', 'principal', wire.PrincipalResumed, principal),
  SessionsInvalidated: format('SessionsInvalidated', 'principal', wire.SessionsInvalidated, {
    ...principal,
    cause: causes,
  }),
  PrincipalDeleted: format('PrincipalDeleted', 'principal', wire.PrincipalDeleted, principal),
  SubjectErased: format('SubjectErased', 'principal', wire.SubjectErased, {
    ...principal,
    vaultIds: 'texts',
  }),

  PasswordSet: format('PasswordSet', 'credential', wire.PasswordSet, {
    ...hashed,
    cause: passwordCauses,
  }),
  PasswordRehashed: format(
    'PasswordRehashed',
    'credential',
    wire.PasswordRehashed,
    hashed,
    optionalForOldReaders,
  ),
  PasswordRemoved: format('PasswordRemoved', 'credential', wire.PasswordRemoved, {
    ...credential,
    cause: causes,
  }),
  ApiKeyCreated: format('ApiKeyCreated', 'credential', wire.ApiKeyCreated, {
    ...credential,
    prefix: 'text',
    sha256: 'text',
  }),
  ApiKeyRevoked: format('ApiKeyRevoked', 'credential', wire.ApiKeyRevoked, {
    ...credential,
    cause: causes,
  }),
  CredentialRenamed: format(
    'CredentialRenamed',
    'credential',
    wire.CredentialRenamed,
    credential,
    optionalForOldReaders,
  ),
  CredentialBlocked: format('CredentialBlocked', 'credential', wire.CredentialBlocked, {
    ...credential,
    cause: causes,
  }),
  CredentialUnblocked: format(
    'CredentialUnblocked',
    'credential',
    wire.CredentialUnblocked,
    credential,
  ),

  PermissionDefined: format('PermissionDefined', 'role', wire.PermissionDefined, permission),
  PermissionChanged: format('PermissionChanged', 'role', wire.PermissionChanged, permission),
  PermissionRetired: format('PermissionRetired', 'role', wire.PermissionRetired, {
    permission: 'text',
  }),
  RoleCreated: format('RoleCreated', 'role', wire.RoleCreated, {
    role: 'text',
    name: 'text',
    permissions: 'texts',
    parents: 'texts',
  }),
  RolePermissionsChanged: format('RolePermissionsChanged', 'role', wire.RolePermissionsChanged, {
    role: 'text',
    added: 'texts',
    removed: 'texts',
  }),
  RoleParentsChanged: format('RoleParentsChanged', 'role', wire.RoleParentsChanged, {
    role: 'text',
    added: 'texts',
    removed: 'texts',
  }),
  RoleRenamed: format(
    'RoleRenamed',
    'role',
    wire.RoleRenamed,
    { role: 'text', oldName: 'text', name: 'text' },
    optionalForOldReaders,
  ),
  RoleDeleted: format('RoleDeleted', 'role', wire.RoleDeleted, {
    role: 'text',
    name: 'text',
    parents: 'texts',
  }),

  GroupCreated: format('GroupCreated', 'group', wire.GroupCreated, { group: 'text', name: 'text' }),
  GroupDeleted: format('GroupDeleted', 'group', wire.GroupDeleted, { group: 'text', name: 'text' }),
  GroupMemberAdded: format('GroupMemberAdded', 'group', wire.GroupMemberAdded, {
    group: 'text',
    ...principal,
  }),
  GroupMemberRemoved: format('GroupMemberRemoved', 'group', wire.GroupMemberRemoved, {
    group: 'text',
    ...principal,
  }),
  RoleGranted: format('RoleGranted', 'grant', wire.RoleGranted, grant),
  GrantChanged: format('GrantChanged', 'grant', wire.GrantChanged, grant),
  GrantRevoked: format('GrantRevoked', 'grant', wire.GrantRevoked, { ...grant, cause: causes }),

  SigningKeyPublished: format('SigningKeyPublished', 'signing_key', wire.SigningKeyPublished, {
    ...kid,
    algorithm: signingAlgorithms,
    publicJwk: 'text',
    privateKey: { message: vaultRef },
  }),
  SigningKeyActivated: format('SigningKeyActivated', 'signing_key', wire.SigningKeyActivated, kid),
  SigningKeyRemoved: format('SigningKeyRemoved', 'signing_key', wire.SigningKeyRemoved, kid),
  SigningKeyCompromised: format(
    'SigningKeyCompromised',
    'signing_key',
    wire.SigningKeyCompromised,
    kid,
  ),
  WatermarkRaised: format('WatermarkRaised', 'watermark', wire.WatermarkRaised, {
    scope: watermarkScopes,
    cause: causes,
  }),
  ...factorFormats,
  ...clientFormats,
  ...sessionFormats,
};
