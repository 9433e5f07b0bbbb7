import type { Removal } from '../projection/recent-removals.js';
import type { Role } from '../projection/role.js';
import { active } from '../projection/subjects.js';
import type { ViewState } from '../projection/view-state.js';
import { covers } from '../resource.js';
import { grantsIn, type HeldGrant, heldGrants, memberships } from './held-grants.js';
import { rolePath } from './role-path.js';

/** What keeps a grant from allowing; NOTHING on a path that allows. */
export type Missing =
  | 'NOTHING'
  | 'EXPIRED'
  | 'REVOKED'
  | 'MEMBERSHIP_REMOVED'
  | 'OTHER_RESOURCE'
  | 'ROLE_LACKS_PERMISSION';

export interface RoleRef {
  readonly role: string;
  readonly name: string;
}

/** A grant that allows, or nearly does, and the events that it rests on. */
export interface GrantPath {
  readonly missing: Missing;
  /** Group that the grant came by; undefined: the principal's own grant. */
  readonly group: { readonly id: string; readonly name: string } | undefined;
  /** From the granted role to the one that holds the permission (only the granted one if none does). */
  readonly roleChain: readonly RoleRef[];
  /** The permission or pattern that matched; `''`: none did. */
  readonly pattern: string;
  readonly resourcePrefix: string;
  /** ms since the Unix epoch; `Infinity`: does not expire. */
  readonly expiresAtMs: number;
  /** Position of the RoleGranted (of a revoked grant: −1, its record is no longer known). */
  readonly grantPosition: number;
  /** Positions of every event of the path, ascending, each once. */
  readonly positions: readonly number[];
}

const nearestFirst: readonly Missing[] = [
  'EXPIRED',
  'REVOKED',
  'MEMBERSHIP_REMOVED',
  'OTHER_RESOURCE',
  'ROLE_LACKS_PERMISSION',
];
const nearestKept = 10;
const allowingKept = 100;

/** Grants that allow the action on the resource: the principal's own first, at most 100. */
export function allowingPaths(
  view: ViewState,
  principal: number,
  action: string,
  resource: string,
  nowMs: number,
): GrantPath[] {
  const allows = rolesThatAllow(view, principal, action);
  return heldGrants(view, principal)
    .filter((grant) => missingOf(grant, allows(grant.role), resource, nowMs) === 'NOTHING')
    .slice(0, allowingKept)
    .map((grant) => pathOf(view, grant, action, resource, nowMs));
}

/** Up to ten grants that nearly allow it, the nearest first. */
export function nearestPaths(
  view: ViewState,
  principal: number,
  action: string,
  resource: string,
  nowMs: number,
): GrantPath[] {
  const allows = rolesThatAllow(view, principal, action);
  const held = heldGrants(view, principal).map((grant) => ({
    grant,
    distance: nearestFirst.indexOf(missingOf(grant, allows(grant.role), resource, nowMs)),
    common: commonSegments(grant.resourcePrefix, resource),
  }));
  // There may be a hundred thousand: only for the nearest it is found out how they come about.
  const paths = held
    .filter(({ distance }) => distance >= 0)
    .sort((a, b) => a.distance - b.distance || b.common - a.common)
    .slice(0, nearestKept)
    .map(({ grant }) => pathOf(view, grant, action, resource, nowMs));
  const distance = (path: GrantPath): number => nearestFirst.indexOf(path.missing);
  const common = (path: GrantPath): number => commonSegments(path.resourcePrefix, resource);
  return [...paths, ...removedPaths(view, principal, action, resource, nowMs)]
    .sort((a, b) => distance(a) - distance(b) || common(b) - common(a))
    .slice(0, nearestKept);
}

/** Whether a role holds the permission: by its bits, without a search through what it inherits. */
function rolesThatAllow(
  view: ViewState,
  principal: number,
  action: string,
): (role: Role) => boolean {
  const tenant = view.tenants[view.principals.tenantOf(principal)];
  const permission = tenant?.permissions.get(action);
  if (tenant === undefined || permission === undefined) return () => false;
  return (role) => role.allows(permission.index, tenant.permissionNames, tenant.generation);
}

function pathOf(
  view: ViewState,
  grant: HeldGrant,
  action: string,
  resource: string,
  nowMs: number,
): GrantPath {
  const found = rolePath(grant.role, action);
  const positions = [grant.position, grant.memberSince, ...(found?.positions ?? [])];
  return {
    missing: missingOf(grant, found !== undefined, resource, nowMs),
    group: groupOf(view, grant.group),
    roleChain: (found?.chain ?? [grant.role]).map(refOf),
    pattern: found?.pattern ?? '',
    resourcePrefix: grant.resourcePrefix,
    expiresAtMs: grant.expiresAtMs,
    grantPosition: grant.position,
    positions: ascending(positions),
  };
}

function missingOf(grant: HeldGrant, allows: boolean, resource: string, nowMs: number): Missing {
  if (!allows) return 'ROLE_LACKS_PERMISSION';
  if (!covers(grant.resourcePrefix, resource)) return 'OTHER_RESOURCE';
  return grant.expiresAtMs > nowMs ? 'NOTHING' : 'EXPIRED';
}

/** Grants and memberships that were taken away of late and would allow it now. */
function removedPaths(
  view: ViewState,
  principal: number,
  action: string,
  resource: string,
  nowMs: number,
): GrantPath[] {
  const groups = heldGroups(view, principal);
  const allows = rolesThatAllow(view, principal, action);
  const removals = [
    ...view.removals.of('PRINCIPAL', principal),
    ...groups.flatMap((group) => view.removals.of('GROUP', group)),
  ];
  return removals.flatMap((removal) =>
    removal.kind === 'GRANT_REVOKED'
      ? revokedPath(view, removal, action, resource)
      : grantsIn(view, view.groups, removal.target, removal.target)
          .filter((grant) => missingOf(grant, allows(grant.role), resource, nowMs) === 'NOTHING')
          .slice(0, nearestKept)
          .map((grant) => pathOf(view, grant, action, resource, nowMs))
          .map((path) => removed(path, 'MEMBERSHIP_REMOVED', removal.position)),
  );
}

function heldGroups(view: ViewState, principal: number): number[] {
  const rows = memberships(view, principal).map(({ group }) => group);
  return rows.filter((row) => view.groups.statusOf(row) === active);
}

function revokedPath(
  view: ViewState,
  removal: Removal,
  action: string,
  resource: string,
): GrantPath[] {
  const role = view.roles[removal.target] as Role;
  const found = rolePath(role, action);
  if (found === undefined || !covers(removal.resourcePrefix, resource)) return [];
  return [
    {
      missing: 'REVOKED',
      group: removal.subjectKind === 'GROUP' ? groupOf(view, removal.subject) : undefined,
      roleChain: found.chain.map(refOf),
      pattern: found.pattern,
      resourcePrefix: removal.resourcePrefix,
      expiresAtMs: Number.POSITIVE_INFINITY,
      grantPosition: -1,
      positions: ascending([removal.position, ...found.positions]),
    },
  ];
}

function removed(path: GrantPath, missing: Missing, position: number): GrantPath {
  return { ...path, missing, positions: ascending([...path.positions, position]) };
}

function groupOf(view: ViewState, row: number): GrantPath['group'] {
  if (row < 0) return undefined;
  return { id: view.groups.idOf(row), name: view.groupNames.get(row) ?? '' };
}

function refOf(role: Role): RoleRef {
  return { role: role.id, name: role.name };
}

function commonSegments(prefix: string, resource: string): number {
  const [left, right] = [prefix.split('/'), resource.split('/')];
  const differ = left.findIndex((segment, i) => segment !== right[i]);
  return differ < 0 ? left.length : differ;
}

function ascending(positions: readonly number[]): number[] {
  const known = positions.filter((position) => position >= 0);
  return [...new Set(known)].sort((a, b) => a - b);
}
