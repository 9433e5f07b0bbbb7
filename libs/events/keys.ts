import { hash as digest } from 'node:crypto';

import type { DomainEvent, EventType } from './catalogue.js';
import type { Actor } from './envelope.js';

/** Everything a key can guard. `events.md` of the design says which event writes which. */
export type KeyKind =
  | 'admins'
  | 'apikey'
  | 'apikeys-of'
  | 'checkpoint'
  | 'children-of'
  | 'command'
  | 'credential'
  | 'credential-name'
  | 'erasure'
  | 'factors-of'
  | 'feature-level'
  | 'genesis'
  | 'grant'
  | 'grants-of'
  | 'granttuple'
  | 'group'
  | 'groupname'
  | 'groups-of'
  | 'key'
  | 'keyring'
  | 'loginname'
  | 'loginnames-of'
  | 'mac-key'
  | 'member'
  | 'password-of'
  | 'permission'
  | 'principal'
  | 'profile'
  | 'record-format'
  | 'role'
  | 'rolename'
  | 'rolename-of'
  | 'sessions-of'
  | 'slug'
  | 'tenant'
  | 'tenant-settings'
  | 'watermark'
  | 'writer';

/** The unit of conflict: two records collide when one reads or writes a key the other wrote. */
export interface Key {
  /** Owner of the name; `''` for names that are unique in the whole cluster. */
  readonly tenant: string;
  readonly kind: KeyKind;
  readonly id: string;
}

/**
 * The key as text, under which its document is stored. Injective: tenants hold no `/`, kinds no `:`.
 */
export function keyText(key: Key): string {
  return `${key.tenant}/${key.kind}:${key.id}`;
}

/** Prefix of the texts of all keys of one kind in one tenant. */
export function keyPrefix(tenant: string, kind: KeyKind): string {
  return `${tenant}/${kind}:`;
}

/**
 * What the record header holds: the first 16 bytes of the SHA-256 over tenant, kind and id, each
 * UTF-8 with its byte length (uint32, big endian) before it. Frozen with record format 1.
 */
export function keyHash(tenant: string, kind: KeyKind, id: string): Uint8Array {
  const bytes = Buffer.allocUnsafe(12 + 3 * (tenant.length + kind.length + id.length));
  let end = 0;
  for (const part of [tenant, kind, id]) {
    const length = bytes.write(part, end + 4, 'utf8');
    bytes.writeUInt32BE(length, end);
    end += 4 + length;
  }
  return new Uint8Array(digest('sha256', bytes.subarray(0, end), 'buffer').subarray(0, 16));
}

export function hashOf(key: Key): Uint8Array {
  return keyHash(key.tenant, key.kind, key.id);
}

/** GENESIS, OPEN, SEAL and KEY records write it. */
export const genesisKey: Key = { tenant: '', kind: 'genesis', id: '' };
/** FEATURE_LEVEL records write it; a record that relies on a level reads it. */
export const featureLevelKey: Key = { tenant: '', kind: 'feature-level', id: '' };

/** Every command of an instance reads it and its FENCE writes it: what came before is settled. */
export function writerKey(instance: string): Key {
  return { tenant: '', kind: 'writer', id: instance };
}

/** Single use of an idempotency key. Ids of different actors never meet. */
export function commandKey(tenant: string, actor: Actor, commandId: string): Key {
  return { tenant, kind: 'command', id: `${actor.tenant},${actor.principal},${commandId}` };
}

export interface CommandOrigin {
  readonly tenant: string;
  readonly actor: Actor;
  /** `''` when the caller gave none. */
  readonly commandId: string;
  /** Ids of the roles, in the actor's tenant, that permitted the command. */
  readonly permittedBy: readonly string[];
}

/**
 * What every command reads besides what its decider asks for: its tenant, its command id, and the
 * rights of whoever acts, so that an admin who is stripped while acting is voided. The writer adds
 * its own `writerKey`.
 */
export function defaultReads(origin: CommandOrigin): Key[] {
  const { tenant, actor, commandId, permittedBy } = origin;
  const reads: Key[] = [{ tenant, kind: 'tenant', id: tenant }];
  if (commandId !== '') reads.push(commandKey(tenant, actor, commandId));
  if (actor.principal === '') return reads;
  const own = (kind: KeyKind, id: string): Key => ({ tenant: actor.tenant, kind, id });
  reads.push(
    own('principal', actor.principal),
    own('grants-of', actor.principal),
    own('groups-of', actor.principal),
    ...permittedBy.map((role) => own('role', role)),
  );
  return reads;
}

type EventOf<T extends EventType> = Extract<DomainEvent, { type: T }>;
type Writes = {
  readonly [T in EventType]: (event: EventOf<T>, at: KeyMaker, tenant: string) => readonly Key[];
};
type KeyMaker = (kind: KeyKind, id: string) => Key;

/** Ids hold no comma, so a list of them is unambiguous; only the last part may be free text. */
const tuple = (...parts: readonly string[]): string => parts.join(',');
const global = (kind: KeyKind, id: string): Key => ({ tenant: '', kind, id });
const adminsIf = (event: { admin: boolean }, at: KeyMaker, tenant: string): Key[] =>
  event.admin ? [at('admins', tenant)] : [];

const signingKey = (event: { kid: string; issuer: string }): Key[] => [
  global('key', event.kid),
  global('keyring', event.issuer),
];

/** The one table of what an event writes: its documents and the names it claims or frees. */
const writes: Writes = {
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
  ],
  LoginNameAdded: (e, at) => [
    at('loginname', e.loginName.blindIndex),
    at('loginnames-of', e.principal),
  ],
  LoginNameRemoved: (e, at) => [at('loginname', e.blindIndex), at('loginnames-of', e.principal)],
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

/** The keys that an event of a tenant writes. Deciders never list their writes by hand. */
export function keysOf(event: DomainEvent, tenant: string): readonly Key[] {
  const row = writes[event.type] as (
    event: DomainEvent,
    at: KeyMaker,
    tenant: string,
  ) => readonly Key[];
  return row(event, (kind, id) => ({ tenant, kind, id }), tenant);
}
