import { grantsIn, memberships } from './evaluate/held-grants.js';
import { principalInLedger } from './evaluate/subject-status.js';
import type { StoredRule } from './projection/api.js';
import type { Role } from './projection/role.js';
import { absent, active, deleted, type Subjects } from './projection/subjects.js';
import type { Tenant } from './projection/tenant.js';
import type { ViewState } from './projection/view-state.js';
import { PRINCIPAL_SUSPENDED } from './reason-code.js';

/**
 * The live state at `nowMs` as lines of JSON in one fixed order: two views hold the same state exactly
 * when their lines are equal. Independent of batch sizes, of the order in which ids were first seen and
 * of what has expired. Whoever wants the state hash hashes them, each with a line feed.
 */
export function* canonicalLines(view: ViewState, nowMs: number): Generator<string> {
  yield line('cluster', view.watermark, [...view.quarantined.keys()].sort());
  if (view.openedAt >= 0) yield line('open', view.epoch, view.openedAt);
  for (const key of byText([...view.signingKeys.values()], ({ kid }) => kid)) {
    yield line('signing-key', key.kid, key.issuer, key.algorithm, key.publicJwk, [
      key.status,
      key.statusAt,
      endless(key.retireAfterMs),
    ]);
  }
  const principals = rowsByTenant(view.principals);
  const groups = rowsByTenant(view.groups);
  for (const tenant of byText(view.tenants, ({ id }) => id)) {
    yield* tenantLines(tenant);
    yield* apiKeyLines(view, tenant, nowMs);
    for (const row of byText(groups.get(tenant.index) ?? [], (each) => view.groups.idOf(each))) {
      if (view.groups.statusOf(row) !== absent) yield groupLine(view, row, nowMs);
    }
    const rows = principals.get(tenant.index) ?? [];
    for (const row of byText(rows, (each) => view.principals.idOf(each))) {
      yield principalLine(view, row, nowMs);
    }
  }
}

function* tenantLines(tenant: Tenant): Generator<string> {
  yield line('tenant', tenant.id, tenant.slug, tenant.status, tenant.statusAt, tenant.watermark, [
    byText(Object.entries(tenant.settings), ([name]) => name),
    byText([...tenant.clientWatermarks], ([client]) => client),
    byText([...tenant.blocked], ([credential]) => credential),
  ]);
  yield* clientLines(tenant);
  for (const permission of byText([...tenant.permissions.values()], ({ name }) => name)) {
    const { name, resourceType, risk, maxStalenessMs, retired, position } = permission;
    const more = permission.auditRequired ? ['audit'] : [];
    const rest = [maxStalenessMs ?? null, retired, position, ...more];
    yield line('permission', name, resourceType, risk, rest);
  }
  for (const role of byText([...tenant.roles.values()], ({ id }) => id)) {
    if (role.createdAt >= 0) yield roleLine(role);
  }
  for (const [name, scope] of byText([...tenant.scopes], ([text]) => text)) {
    const { permissions, consentRequired, retired, position } = scope;
    yield line('scope', name, permissions, consentRequired, retired, position);
  }
  for (const [name, api] of byText([...tenant.apis], ([text]) => text)) {
    const rules = byText([...api.rules], ([place]) => place);
    yield line(
      'api',
      name,
      api.changedAt,
      rules.map(([, stored]) => ruleLine(stored)),
    );
  }
}

function ruleLine({ rule, position }: StoredRule): string {
  return JSON.stringify([position, byText(Object.entries(rule), ([name]) => name)]);
}

/** None where nothing was done that a build without clients does not know. */
function* clientLines(tenant: Tenant): Generator<string> {
  for (const { client, status, statusAt } of byText([...tenant.clients.values()], clientOf)) {
    yield line('client', client, status, statusAt);
  }
  for (const [client, principals] of byText([...tenant.withdrawnConsents], ([id]) => id)) {
    const consents = [...principals].map(
      ([id, { at, givenAgain }]) => [id, at, givenAgain] as const,
    );
    yield line(
      'withdrawn',
      client,
      byText(consents, ([id]) => id),
    );
  }
  const removed = byText([...tenant.removed], ([credential]) => credential);
  if (removed.length > 0) yield line('removed', removed);
}

const clientOf = ({ client }: { readonly client: string }): string => client;

function roleLine(role: Role): string {
  const parents = [...role.parents].map(([parent, position]) => [parent.id, position] as const);
  return line('role', role.id, role.name, role.admin, role.createdAt, role.deletedAt, [
    byText([...role.patterns], ([pattern]) => pattern),
    byText(parents, ([id]) => id),
  ]);
}

function* apiKeyLines(view: ViewState, tenant: Tenant, nowMs: number): Generator<string> {
  for (const key of byText([...tenant.apiKeys.values()], ({ credential }) => credential)) {
    const { credential, sha256, authPosition, replacedAt, revokedAt, limits } = key;
    if (limits.expiresAtMs <= nowMs) continue;
    const principal = view.principals.idOf(key.principal);
    yield line('api-key', credential, sha256, principal, authPosition, [
      [replacedAt, endless(key.replacedAtMs), revokedAt],
      [limits.scopes, limits.resourcePrefix, endless(limits.expiresAtMs)],
    ]);
  }
}

function groupLine(view: ViewState, row: number, nowMs: number): string {
  const { groups } = view;
  const live = groups.statusOf(row) === active;
  const name = view.groupNames.get(row) ?? '';
  return line('group', groups.idOf(row), name, live, grantsOf(view, groups, row, nowMs));
}

function principalLine(view: ViewState, row: number, nowMs: number): string {
  const { principals } = view;
  const isDeleted = principals.statusOf(row) === deleted;
  const isSuspended = principalInLedger(view, row, nowMs) === PRINCIPAL_SUSPENDED;
  const until = isSuspended ? (view.suspendedUntil.get(row) ?? null) : null;
  const at = isDeleted || isSuspended ? (view.statusAt.get(row) ?? null) : null;
  const groups = memberships(view, row).map((each) => [view.groups.idOf(each.group), each.since]);
  return line(
    'principal',
    principals.idOf(row),
    principals.isService(row),
    [isDeleted, isSuspended, until, at],
    [principals.watermarkOf(row), view.issuedNotBefore.get(row) ?? -1, principals.passwordOf(row)],
    [grantsOf(view, principals, row, nowMs), groups.map((each) => JSON.stringify(each)).sort()],
  );
}

function grantsOf(view: ViewState, subjects: Subjects, row: number, nowMs: number): string[] {
  return grantsIn(view, subjects, row)
    .filter((grant) => grant.expiresAtMs > nowMs)
    .map(({ role, resourcePrefix, expiresAtMs, position }) =>
      JSON.stringify([role.id, resourcePrefix, endless(expiresAtMs), position]),
    )
    .sort();
}

function rowsByTenant(subjects: Subjects): Map<number, number[]> {
  const rows = new Map<number, number[]>();
  for (let row = 0; row < subjects.length; row++) {
    const tenant = subjects.tenantOf(row);
    const known = rows.get(tenant);
    if (known === undefined) rows.set(tenant, [row]);
    else known.push(row);
  }
  return rows;
}

/** Sorted by UTF-16 code units of a text that is unique among them. */
function byText<T>(items: readonly T[], textOf: (item: T) => string): T[] {
  const keyed = items.map((item) => ({ item, text: textOf(item) }));
  keyed.sort((a, b) => (a.text < b.text ? -1 : 1));
  return keyed.map(({ item }) => item);
}

const endless = (timeMs: number): number | null => (Number.isFinite(timeMs) ? timeMs : null);

function line(...parts: readonly unknown[]): string {
  return JSON.stringify(parts);
}
