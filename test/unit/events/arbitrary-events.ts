import * as fc from 'fast-check';

import {
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
} from '#libs/events/catalogue.js';
import type { DomainEvent, EventType } from '#libs/events/catalogue.js';
import { clientFields } from './arbitrary-clients.js';
import { factorFields } from './arbitrary-factors.js';
import {
  text,
  free,
  texts,
  ms,
  maybe,
  bool,
  ref,
  cause,
  credential,
  type FieldsOf,
} from './arbitrary-fields.js';
import { sessionFields } from './arbitrary-sessions.js';

const kid = { kid: text, issuer: text };
const settings = fc.record({
  passwordMinLength: maybe(fc.nat({ max: 1000 })),
  accessTokenTtlMs: maybe(ms),
  softStalenessMs: maybe(ms),
  hardStalenessMs: maybe(ms),
  factors: maybe(
    fc.record({
      allowed: fc.subarray([...factorKinds]),
      requiredFor: fc.constantFrom(...factorDemands),
      rememberDevicesDays: fc.nat({ max: 365 }),
      basicWithoutFactor: maybe(fc.boolean()),
    }),
  ),
  sessionIdleMs: maybe(ms),
  sessionAbsoluteMs: maybe(ms),
  sessionLimit: maybe(fc.nat({ max: 100 })),
  refreshIdleMs: maybe(ms),
  refreshAbsoluteMs: maybe(ms),
  refreshGraceMs: maybe(ms),
  mailUnverified: maybe(bool),
  outageGraceMs: maybe(ms),
  offlineTokenTtlMs: maybe(ms),
});
const loginName = fc.record({
  kind: fc.constantFrom(...loginNameKinds),
  blindIndex: text,
  value: ref,
  verified: bool,
});
const hashed = {
  ...credential,
  version: fc.integer({ min: 1, max: 2 ** 31 }),
  hash: ref,
  params: free,
};
const permission = {
  permission: text,
  resourceType: free,
  description: free,
  risk: fc.constantFrom(...risks),
  maxStalenessMs: maybe(ms),
  auditRequired: maybe(bool),
};
const grant = {
  grant: text,
  subjectKind: fc.constantFrom(...subjectKinds),
  subject: text,
  role: text,
  resourcePrefix: free,
  admin: bool,
};

/** Every event of the catalogue with random fields inside its rules. */
export const fieldsOfEvents: FieldsOf<EventType> = {
  TenantCreated: { slug: text, displayName: free, settings: maybe(settings), blindIndexKey: ref },
  TenantSettingsChanged: { settings },
  TenantSuspended: {},
  TenantResumed: {},
  TenantDeleted: { slug: text, eraseAfterMs: ms },
  PrincipalRegistered: {
    principal: text,
    kind: fc.constantFrom(...principalKinds),
    profile: maybe(ref),
    loginNames: fc.array(loginName, { maxLength: 3 }),
    origin: fc.constantFrom(...origins),
    challenge: maybe(text),
  },
  LoginNameAdded: { principal: text, loginName },
  LoginNameRemoved: { principal: text, blindIndex: text },
  ProfileChanged: { principal: text, profile: maybe(ref) },
  PrincipalSuspended: { principal: text, untilMs: maybe(ms), admin: bool },
  PrincipalResumed: { principal: text, admin: bool },
  SessionsInvalidated: { principal: text, cause },
  PrincipalDeleted: { principal: text, blindIndexes: texts, admin: bool },
  SubjectErased: { principal: text, vaultIds: texts },
  PasswordSet: {
    ...hashed,
    cause: fc.constantFrom(...passwordCauses),
    mustChange: bool,
    challenge: maybe(text),
  },
  PasswordRehashed: hashed,
  PasswordRemoved: { ...credential, cause },
  ApiKeyCreated: {
    ...credential,
    prefix: text,
    sha256: text,
    name: free,
    scopes: texts,
    resourcePrefix: maybe(free),
    expiresAtMs: maybe(ms),
    replaces: maybe(text),
    overlapUntilMs: maybe(ms),
  },
  ApiKeyRevoked: { ...credential, cause },
  CredentialRenamed: { ...credential, name: free },
  CredentialBlocked: { ...credential, cause },
  CredentialUnblocked: credential,
  PermissionDefined: permission,
  PermissionChanged: permission,
  PermissionRetired: { permission: text },
  RoleCreated: { role: text, name: text, permissions: texts, parents: texts, admin: bool },
  RolePermissionsChanged: { role: text, added: texts, removed: texts },
  RoleParentsChanged: { role: text, added: texts, removed: texts },
  RoleRenamed: { role: text, oldName: text, name: text },
  RoleDeleted: { role: text, name: text, parents: texts, admin: bool },
  GroupCreated: { group: text, name: text },
  GroupDeleted: { group: text, name: text },
  GroupMemberAdded: { group: text, principal: text },
  GroupMemberRemoved: { group: text, principal: text },
  RoleGranted: { ...grant, expiresAtMs: maybe(ms), ticket: maybe(free) },
  GrantChanged: { ...grant, oldExpiresAtMs: maybe(ms), expiresAtMs: maybe(ms) },
  GrantRevoked: { ...grant, cause },
  SigningKeyPublished: {
    ...kid,
    algorithm: fc.constantFrom(...signingAlgorithms),
    publicJwk: text,
    privateKey: ref,
    activateNotBeforeMs: ms,
  },
  SigningKeyActivated: { ...kid, previousKid: maybe(text), retireAfterMs: maybe(ms) },
  SigningKeyRemoved: kid,
  SigningKeyCompromised: kid,
  WatermarkRaised: { scope: fc.constantFrom(...watermarkScopes), id: free, cause },
  ...factorFields,
  ...clientFields,
  ...sessionFields,
};

export const eventTypes = Object.keys(fieldsOfEvents) as EventType[];

export function arbitraryEvent(type: EventType): fc.Arbitrary<DomainEvent> {
  const fields = fieldsOfEvents[type] as Record<string, fc.Arbitrary<unknown>>;
  return fc.record({ type: fc.constant(type), ...fields }) as unknown as fc.Arbitrary<DomainEvent>;
}
