import * as fc from 'fast-check';

import type { DomainEvent } from '#libs/events/catalogue.js';

import type { Recorded } from './naive-oracle.js';

/** Few ids and times, so that random events meet; ids in spellings that must never be mixed up. */
const uuid = '01936f5e-8a3b-7cde-9f01-23456789abcd';
export const tenants = ['t', 'T', 'system'];
export const principals = ['alice', 'Alice', uuid, uuid.toUpperCase(), 'jos\u00e9', 'jose\u0301'];
export const groupIds = ['staff', '01936f5e-0000-7000-8000-000000000001'];
export const roleIds = ['r1', 'r2', 'r3', 'R1'];
export const permissions = ['orders:read', 'orders:write', 'orders:items:read', 'users:read'];
export const patterns = [
  ...permissions,
  'orders:*',
  '*',
  'ord*',
  '*:read',
  'orders:',
  'orders:*:*',
];
export const actions = [...permissions, 'orders', 'orders:', 'orders:*', '*', '', 'Orders:read'];
export const prefixes = ['', 'a', 'a/b', 'a/b/c', 'A', 'a/', 'a//b', '../a'];
export const resources = [
  ...prefixes,
  'ab',
  'a/bc',
  'a/b/c/d',
  'a%2fb',
  'a/./b',
  'e\u0301',
  '\u00e9',
];
export const times = [1000, 2000, 3000];
export const moments = [0, 999, 1000, 1500, 2000, 2500, 3000, 9000];
export const credentials = ['c1', 'c2', 'c3'];
export const hashes = ['h1', 'h2', 'h3'];
export const clients = ['', 'app', 'App'];
export const kids = ['k1', 'k2'];

const vault = { id: 'v', sha256: 's' };
const one = (...values: readonly string[]) => fc.constantFrom(...values);
const principal = one(...principals);
const role = one(...roleIds);
const group = one(...groupIds);
const credential = one(...credentials);
const expiry = fc.option(fc.constantFrom(...times), { nil: undefined });
const some = (values: readonly string[]) => fc.subarray([...values]);
const subject = fc.oneof(
  principal.map((id) => ({ subjectKind: 'PRINCIPAL' as const, subject: id })),
  group.map((id) => ({ subjectKind: 'GROUP' as const, subject: id })),
);
const tuple = fc.record({ role, resourcePrefix: one(...prefixes) });

function always<T extends DomainEvent>(
  event: Partial<T> & { type: T['type'] },
  rest: fc.Arbitrary<object> = fc.constant({}),
): fc.Arbitrary<DomainEvent> {
  return rest.map((more) => ({ ...event, ...more }) as DomainEvent);
}

const rec = (of: Record<string, fc.Arbitrary<unknown>>) => fc.record(of);
const changes = (of: readonly string[]) => rec({ role, added: some(of), removed: some(of) });

const tenantEvents = fc.oneof(
  { weight: 6, arbitrary: always({ type: 'TenantCreated', slug: 's', displayName: '' }) },
  always({ type: 'TenantSettingsChanged', settings: { softStalenessMs: 5 } }),
  always({ type: 'TenantSuspended' }),
  { weight: 3, arbitrary: always({ type: 'TenantResumed' }) },
  always(
    { type: 'WatermarkRaised', cause: 'ADMIN' },
    fc.oneof(
      rec({ scope: fc.constant('PRINCIPAL'), id: principal }),
      rec({ scope: fc.constant('CLIENT'), id: one(...clients) }),
      rec({ scope: fc.constant('TENANT'), id: one('', ...tenants) }),
      rec({ scope: fc.constant('ALL'), id: fc.constant('') }),
    ),
  ),
);

const principalEvents = fc.oneof(
  {
    weight: 6,
    arbitrary: always(
      {
        type: 'PrincipalRegistered',
        kind: 'USER',
        profile: vault,
        loginNames: [],
        origin: 'ADMIN',
      },
      rec({ principal }),
    ),
  },
  always({ type: 'PrincipalSuspended', admin: false }, rec({ principal, untilMs: expiry })),
  { weight: 3, arbitrary: always({ type: 'PrincipalResumed', admin: false }, rec({ principal })) },
  always({ type: 'SessionsInvalidated', cause: 'ADMIN' }, rec({ principal })),
  always({ type: 'PasswordSet', hash: vault }, rec({ principal, version: fc.nat(3), credential })),
  always({ type: 'PasswordRemoved', cause: 'ADMIN' }, rec({ principal, credential })),
  always({ type: 'PasswordRehashed', hash: vault }, rec({ principal, credential })),
);

const credentialEvents = fc.oneof(
  {
    weight: 4,
    arbitrary: always(
      { type: 'ApiKeyCreated', prefix: 'p', name: '' },
      rec({
        principal,
        credential,
        sha256: one(...hashes),
        scopes: fc.oneof(fc.constant([]), some(patterns)),
        resourcePrefix: fc.option(one(...prefixes), { nil: undefined }),
        expiresAtMs: expiry,
        replaces: fc.option(credential, { nil: undefined }),
        overlapUntilMs: expiry,
      }),
    ),
  },
  always({ type: 'ApiKeyRevoked', cause: 'ADMIN' }, rec({ principal, credential })),
  always({ type: 'CredentialBlocked', cause: 'ADMIN' }, rec({ principal, credential })),
  always({ type: 'CredentialUnblocked' }, rec({ principal, credential })),
);

const roleEvents = fc.oneof(
  {
    weight: 3,
    arbitrary: always(
      { type: 'PermissionDefined', resourceType: '', description: '', risk: 'NORMAL' },
      rec({ permission: one(...permissions, 'orders:*') }),
    ),
  },
  always({ type: 'PermissionRetired' }, rec({ permission: one(...permissions) })),
  {
    weight: 4,
    arbitrary: always(
      { type: 'RoleCreated', admin: false },
      rec({ role, name: role, permissions: some(patterns), parents: some(roleIds) }),
    ),
  },
  always({ type: 'RolePermissionsChanged' }, changes(patterns)),
  always({ type: 'RoleParentsChanged' }, changes(roleIds)),
  always({ type: 'RoleDeleted', parents: [], admin: false }, rec({ role, name: role })),
);

const grantEvents = fc.oneof(
  { weight: 2, arbitrary: always({ type: 'GroupCreated', name: 'g' }, rec({ group })) },
  { weight: 3, arbitrary: always({ type: 'GroupMemberAdded' }, rec({ group, principal })) },
  always({ type: 'GroupMemberRemoved' }, rec({ group, principal })),
  ...(['RoleGranted', 'RoleGranted', 'RoleGranted', 'GrantChanged', 'GrantRevoked'] as const).map(
    (type) =>
      always(
        { type, grant: 'g', cause: 'ADMIN' } as { type: 'RoleGranted' },
        fc
          .tuple(subject, tuple, expiry)
          .map(([who, what, expiresAtMs]) => ({ ...who, ...what, expiresAtMs, admin: false })),
      ),
  ),
);

const kid = one(...kids);
const signingEvents = fc.oneof(
  {
    weight: 3,
    arbitrary: always(
      { type: 'SigningKeyPublished', issuer: 'i', algorithm: 'EdDSA', publicJwk: '{}' },
      rec({ kid }),
    ),
  },
  {
    weight: 3,
    arbitrary: always(
      { type: 'SigningKeyActivated', issuer: 'i' },
      rec({ kid, previousKid: fc.option(kid, { nil: undefined }), retireAfterMs: expiry }),
    ),
  },
  always({ type: 'SigningKeyRemoved', issuer: 'i' }, rec({ kid })),
  always({ type: 'SigningKeyCompromised', issuer: 'i' }, rec({ kid })),
);

const scopeFacts = rec({ scope: one('s1', 's2'), permissions: some(patterns) });
const endpointRule = rec({
  rule: one('e1', 'e2'),
  protocol: fc.constant('HTTP' as const),
  method: fc.constant('GET'),
  template: one('/{id}', '/a'),
  allScopes: some(['s1']),
  anyScopes: fc.constant([]),
  credentialKinds: fc.constant([]),
  public: fc.boolean(),
}).map((fields) => ({ ...fields }));
const api = one('shop', 'stock');
const endpointEvents = fc.oneof(
  always({ type: 'ScopeDefined', description: '', consentRequired: false }, scopeFacts),
  always({ type: 'ScopeChanged', description: '', consentRequired: true }, scopeFacts),
  always({ type: 'ScopeRetired' }, rec({ scope: one('s1', 's2') })),
  always({ type: 'EndpointRuleSet' }, rec({ api, rule: endpointRule })),
  always(
    { type: 'EndpointRuleRemoved', rule: 'e1', protocol: 'HTTP', method: 'GET' },
    rec({ api, template: one('/{id}', '/a') }),
  ),
  always(
    { type: 'EndpointRulesReplaced', sourceDigest: '' },
    rec({ api, rules: fc.array(endpointRule, { maxLength: 2 }) }),
  ),
);

const rareEvents = fc.oneof(
  always({ type: 'TenantDeleted', slug: 's', eraseAfterMs: 0 }),
  always({ type: 'PrincipalDeleted', blindIndexes: [], admin: false }, rec({ principal })),
  always({ type: 'GroupDeleted', name: 'g' }, rec({ group })),
);

const anyEvent = fc.oneof(
  { weight: 2, arbitrary: tenantEvents },
  { weight: 8, arbitrary: principalEvents },
  { weight: 5, arbitrary: credentialEvents },
  { weight: 9, arbitrary: roleEvents },
  { weight: 14, arbitrary: grantEvents },
  { weight: 4, arbitrary: signingEvents },
  { weight: 3, arbitrary: endpointEvents },
  { weight: 1, arbitrary: fc.oneof({ weight: 3, arbitrary: grantEvents }, rareEvents) },
);

/** Mostly one tenant, or nothing would ever be allowed. */
const anyTenant = fc.oneof({ weight: 9, arbitrary: fc.constant('t') }, one(...tenants));

/** A history that sets a small scene in tenant `t`, then lets anything happen. */
export const arbitraryHistory: fc.Arbitrary<Recorded[]> = fc
  .tuple(fc.nat(3), fc.array(fc.tuple(anyTenant, anyEvent), { maxLength: 70, size: 'max' }))
  .map(([bare, rest]) => [...(bare === 0 ? [] : scene()), ...rest])
  .map((all) => all.map(([tenant, event], position) => ({ tenant, event, position })));

function scene(): [string, DomainEvent][] {
  const grant = (subjectKind: string, who: string, what: string, resourcePrefix: string) => ({
    type: 'RoleGranted',
    grant: 'g',
    subjectKind,
    subject: who,
    role: what,
    resourcePrefix,
  });
  const created = (id: string, held: string[], parents: string[] = []) => ({
    type: 'RoleCreated',
    role: id,
    name: id,
    permissions: held,
    parents,
    admin: false,
  });
  const events = [
    { type: 'TenantCreated', slug: 't', displayName: '' },
    ...permissions.map((permission) => ({ type: 'PermissionDefined', permission, risk: 'NORMAL' })),
    ...principals.map((id) => ({ type: 'PrincipalRegistered', principal: id, kind: 'USER' })),
    ...groupIds.map((id) => ({ type: 'GroupCreated', group: id, name: id })),
    ...groupIds.map((id) => ({ type: 'GroupMemberAdded', group: id, principal: uuid })),
    created('r1', ['orders:*']),
    created('r2', [], ['r1']),
    created('r3', ['*']),
    ...principals.slice(0, 3).map((id) => grant('PRINCIPAL', id, 'r2', 'a')),
    ...groupIds.map((id) => grant('GROUP', id, 'r3', 'a/b')),
    { type: 'SigningKeyPublished', kid: 'k1', issuer: 'i', algorithm: 'EdDSA', publicJwk: '{}' },
    { type: 'SigningKeyActivated', kid: 'k1', issuer: 'i' },
  ];
  return events.map((event) => ['t', event as unknown as DomainEvent]);
}
