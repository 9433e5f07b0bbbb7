import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

import type { DomainEvent } from '#libs/events/catalogue.js';
import type { KeyKind } from '#libs/events/keys.js';

/**
 * A golden world: what happened and what must be answered, in the order of the file. The format names
 * no service and no transport: the same files drive the evaluator, and the services over gRPC.
 *
 *   about: one sentence
 *   ledgerOnly: why no command can bring this history about (absent: commands can)
 *   steps:
 *     - <EventName>: {fields}     an event of the catalogue; what is left out has a default (below)
 *     - token: {name, principal, kid, client?, of?, scopes?, until?}   a token is issued here and now,
 *                                                               for the API key `of`
 *     - quarantine: [kind, id]    a record that writes this key could not be read
 *     - ask: <action>, on: <resource>, expect: <REASON>            and one of
 *         as: <principal> | key: <API key> | token: <token name>
 *       at: <time> (0)   validUntil: <time, or "never"> (not looked at when absent)
 *
 * Every step may have `tenant` (default `acme`). Ids, keys and kids are symbols: a driver may map each
 * to an id of its own, one to one, but for worlds about spelling (`literalIds: true`). Times are ms
 * after the start of the world. A token's auth position is that of the last event before it.
 * `expect: ALLOWED` means allow; QUARANTINED means "cannot decide"; all else is a deny for that reason.
 */
export interface World {
  readonly about: string;
  readonly ledgerOnly?: string;
  readonly literalIds?: boolean;
  readonly steps: readonly Step[];
}

export type Step =
  | { readonly kind: 'event'; readonly tenant: string; readonly event: DomainEvent }
  | { readonly kind: 'token'; readonly tenant: string; readonly token: WorldToken }
  | { readonly kind: 'quarantine'; readonly tenant: string; readonly key: [KeyKind, string] }
  | { readonly kind: 'ask'; readonly tenant: string; readonly ask: WorldAsk };

export interface WorldToken {
  readonly name: string;
  readonly principal: string;
  readonly kid: string;
  readonly client: string;
  readonly credential: string;
  readonly scopes: readonly string[];
  readonly until: number;
}

export interface WorldAsk {
  readonly action: string;
  readonly resource: string;
  readonly who:
    | { readonly subject: string }
    | { readonly key: string }
    | { readonly token: string };
  readonly at: number;
  readonly expect: string;
  readonly validUntil: number | undefined;
}

type Fields = Record<string, unknown>;
const text = (value: unknown, otherwise = ''): string =>
  typeof value === 'string' ? value : otherwise;
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const time = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined;
const blob = { id: 'blob', sha256: 'none' };

/** What the fields of each event are called in a world, and what they are when left out. */
const events: Partial<Record<DomainEvent['type'], (f: Fields) => object>> = {
  TenantCreated: (f) => ({ slug: text(f['slug'], 'slug'), displayName: '', blindIndexKey: blob }),
  TenantSuspended: () => ({}),
  TenantResumed: () => ({}),
  TenantDeleted: (f) => ({ slug: text(f['slug'], 'slug'), eraseAfterMs: 0 }),
  PrincipalRegistered: (f) => ({
    principal: f['id'],
    kind: text(f['kind'], 'USER'),
    profile: undefined,
    loginNames: [],
    origin: 'ADMIN',
  }),
  PrincipalSuspended: (f) => ({ principal: f['id'], untilMs: time(f['until']), admin: false }),
  PrincipalResumed: (f) => ({ principal: f['id'], admin: false }),
  PrincipalDeleted: (f) => ({ principal: f['id'], blindIndexes: [], admin: false }),
  SessionsInvalidated: (f) => ({ principal: f['id'], cause: 'ADMIN' }),
  PasswordSet: (f) => ({
    principal: f['id'],
    credential: `password of ${text(f['id'])}`,
    version: f['version'],
    hash: blob,
    params: 'm=19456,t=2,p=1',
    cause: 'ADMIN',
    mustChange: false,
  }),
  ApiKeyCreated: (f) => ({
    principal: f['principal'],
    credential: f['key'],
    prefix: '',
    sha256: sha256Of(text(f['key'])),
    name: '',
    scopes: texts(f['scopes']),
    resourcePrefix: f['on'],
    expiresAtMs: time(f['until']),
    replaces: f['replaces'],
    overlapUntilMs: time(f['overlap']),
  }),
  ApiKeyRevoked: (f) => ({ principal: f['principal'], credential: f['key'], cause: 'OWNER' }),
  CredentialBlocked: (f) => ({ principal: f['principal'], credential: f['key'], cause: 'ADMIN' }),
  CredentialUnblocked: (f) => ({ principal: f['principal'], credential: f['key'] }),
  PermissionDefined: (f) => ({
    permission: f['permission'],
    resourceType: '',
    description: '',
    risk: 'NORMAL',
  }),
  PermissionRetired: (f) => ({ permission: f['permission'] }),
  RoleCreated: (f) => ({
    role: f['id'],
    name: text(f['id']),
    permissions: texts(f['permissions']),
    parents: texts(f['parents']),
    admin: false,
  }),
  RolePermissionsChanged: (f) => changed(f),
  RoleParentsChanged: (f) => changed(f),
  RoleDeleted: (f) => ({ role: f['id'], name: text(f['id']), parents: [], admin: false }),
  GroupCreated: (f) => ({ group: f['id'], name: text(f['id']) }),
  GroupDeleted: (f) => ({ group: f['id'], name: text(f['id']) }),
  GroupMemberAdded: (f) => ({ group: f['group'], principal: f['principal'] }),
  GroupMemberRemoved: (f) => ({ group: f['group'], principal: f['principal'] }),
  RoleGranted: (f) => ({ ...tuple(f), expiresAtMs: time(f['until']) }),
  GrantChanged: (f) => ({ ...tuple(f), expiresAtMs: time(f['until']) }),
  GrantRevoked: (f) => ({ ...tuple(f), cause: 'ADMIN' }),
  SigningKeyPublished: (f) => ({
    kid: f['kid'],
    issuer: 'issuer',
    algorithm: 'EdDSA',
    publicJwk: '{}',
    privateKey: undefined,
    activateNotBeforeMs: 0,
  }),
  SigningKeyActivated: (f) => ({
    kid: f['kid'],
    issuer: 'issuer',
    previousKid: f['previous'],
    retireAfterMs: time(f['retires']),
  }),
  SigningKeyRemoved: (f) => ({ kid: f['kid'], issuer: 'issuer' }),
  SigningKeyCompromised: (f) => ({ kid: f['kid'], issuer: 'issuer' }),
  WatermarkRaised: (f) => ({ scope: f['scope'], id: text(f['id']), cause: 'COMPROMISE' }),
};

function changed(f: Fields): object {
  return { role: f['id'], added: texts(f['added']), removed: texts(f['removed']) };
}

/** A grant: `to` a principal or `toGroup` a group, of a `role`, `on` a resource prefix. */
function tuple(f: Fields): object {
  const toGroup = f['toGroup'] !== undefined;
  const subject = text(toGroup ? f['toGroup'] : f['to']);
  const [role, resourcePrefix] = [text(f['role']), text(f['on'])];
  const grant = [subject, role, resourcePrefix].join(' ');
  const subjectKind = toGroup ? 'GROUP' : 'PRINCIPAL';
  return { grant, subjectKind, subject, role, resourcePrefix, admin: false };
}

/** The pure runner needs no real hash: any injective text does. */
export function sha256Of(key: string): string {
  return `sha256 of ${key}`;
}

export function readWorld(file: string | URL): World {
  const raw = parse(readFileSync(file, 'utf8')) as Omit<World, 'steps'> & { steps: Fields[] };
  return { ...raw, steps: raw.steps.map((step, i) => stepOf(step, i)) };
}

function stepOf(step: Fields, index: number): Step {
  const tenant = text(step['tenant'], 'acme');
  if (step['ask'] !== undefined) return { kind: 'ask', tenant, ask: askOf(step, index) };
  if (step['quarantine'] !== undefined) {
    return { kind: 'quarantine', tenant, key: step['quarantine'] as [KeyKind, string] };
  }
  const fields = (name: string): Fields => (step[name] ?? {}) as Fields;
  if (step['token'] !== undefined) {
    const { name, principal, kid, client, of, scopes, until } = fields('token');
    const token = {
      name: text(name),
      principal: text(principal),
      kid: text(kid),
      client: text(client),
      credential: text(of),
      scopes: texts(scopes),
      until: time(until) ?? Number.POSITIVE_INFINITY,
    };
    return { kind: 'token', tenant, token };
  }
  const type = Object.keys(step).find((name) => name !== 'tenant') as DomainEvent['type'];
  const make = events[type];
  if (make === undefined) throw new Error(`step ${index}: no such step: ${type}`);
  return { kind: 'event', tenant, event: { type, ...make(fields(type)) } as DomainEvent };
}

function askOf(step: Fields, index: number): WorldAsk {
  const { as, key, token, validUntil } = step;
  const who =
    typeof as === 'string'
      ? { subject: as }
      : typeof key === 'string'
        ? { key }
        : { token: text(token) };
  if (typeof step['expect'] !== 'string') throw new Error(`step ${index}: expects nothing`);
  return {
    action: text(step['ask']),
    resource: text(step['on']),
    who,
    at: time(step['at']) ?? 0,
    expect: step['expect'],
    validUntil: validUntil === 'never' ? Number.POSITIVE_INFINITY : time(validUntil),
  };
}
