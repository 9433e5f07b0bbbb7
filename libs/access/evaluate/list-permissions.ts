import { anyMatches } from '../permission-pattern.js';
import { unlimited, type CredentialLimits } from '../projection/api-key.js';
import { memberOf } from '../projection/set-entries.js';
import type { Permission, Tenant } from '../projection/tenant.js';
import type { ViewState } from '../projection/view-state.js';
import {
  ALLOW,
  CREDENTIAL_EXPIRED,
  QUARANTINED,
  type ReasonCode,
  RESOURCE_INVALID,
  RESOURCE_OUT_OF_KEY_SCOPE,
} from '../reason-code.js';
import { covers, resourceProblem } from '../resource.js';
import { whyNoRow } from './decide.js';
import { type HeldGrant, heldGrants, withinLimits } from './held-grants.js';
import { principalStatus, tenantStatus } from './subject-status.js';
import { touchesSubject } from './touches-quarantine.js';

export interface ListQuestion {
  readonly tenant: string;
  readonly principal: string;
  /** Only permissions that hold on this resource; absent: on any. */
  readonly resource?: string | undefined;
  readonly nowMs: number;
  readonly limits?: CredentialLimits;
}

export interface HeldPermission {
  readonly permission: string;
  /** Prefixes on which it holds, sorted; `''` covers everything. Of one that another covers: only that. */
  readonly resourcePrefixes: readonly string[];
}

export interface PermissionList {
  /** ALLOW, or why the principal holds nothing at all. */
  readonly code: ReasonCode;
  /** Sorted by name (UTF-16 code units). */
  readonly permissions: readonly HeldPermission[];
  /** Earliest time at which expiry alone can shorten the list. */
  readonly validUntilMs: number;
}

/**
 * The permissions that a principal holds. With a resource it is exactly those for which `check` on
 * that resource answers ALLOW.
 */
export function listPermissions(view: ViewState, question: ListQuestion): PermissionList {
  const { resource, nowMs, limits = unlimited } = question;
  const row = view.principalRow(question.tenant, question.principal);
  const tenant = view.findTenant(question.tenant);
  if (row < 0 || tenant === undefined) {
    return nothing(whyNoRow(view, question.tenant, question.principal));
  }
  const code = refusal(view, tenant, row, question);
  if (code !== ALLOW) return nothing(code);
  const grants = heldGrants(view, row).filter(
    (grant) => grant.expiresAtMs > nowMs && (resource === undefined || reaches(grant, resource)),
  );
  const permissions = [...tenant.permissions.values()]
    .filter((permission) => isListed(view, tenant, permission, limits))
    .map((permission) => held(tenant, permission, grants, limits))
    .filter((each) => each.resourcePrefixes.length > 0)
    .sort((a, b) => (a.permission < b.permission ? -1 : 1));
  const validUntilMs = grants.reduce(
    (earliest, grant) => Math.min(earliest, grant.expiresAtMs),
    limits.expiresAtMs,
  );
  return { code: ALLOW, permissions, validUntilMs };
}

/** Names of the live roles granted to the principal or its groups and unexpired, sorted. */
export function roleNames(view: ViewState, row: number, nowMs: number): string[] {
  const names = new Set<string>();
  addRoleNames(names, view, view.principals.setOf(row), nowMs);
  return [...names].sort();
}

/** Of a set and the sets of its groups; makes nothing for a grant, of which there may be many. */
function addRoleNames(names: Set<string>, view: ViewState, set: number, nowMs: number): void {
  const { sets, entries, roles, groups } = view;
  for (let at = 0; at < sets.lengthOf(set); at += 1) {
    const entry = sets.entryAt(set, at);
    const target = entries.target[entry] ?? -1;
    if (entries.prefix[entry] === memberOf) {
      addRoleNames(names, view, groups.setOf(target), nowMs);
      continue;
    }
    const role = roles[target];
    if (role?.live === true && (entries.expiresAt[entry] ?? 0) > nowMs) names.add(role.name);
  }
}

function refusal(view: ViewState, tenant: Tenant, row: number, question: ListQuestion): ReasonCode {
  const { resource, nowMs, limits = unlimited } = question;
  if (touchesSubject(view, row)) return QUARANTINED;
  const ofTenant = tenantStatus(view, tenant);
  if (ofTenant !== ALLOW) return ofTenant;
  const ofPrincipal = principalStatus(view, row, nowMs);
  if (ofPrincipal !== ALLOW) return ofPrincipal;
  if (!(limits.expiresAtMs > nowMs)) return CREDENTIAL_EXPIRED;
  if (resource === undefined) return ALLOW;
  if (resourceProblem(resource) !== undefined) return RESOURCE_INVALID;
  return covers(limits.resourcePrefix, resource) ? ALLOW : RESOURCE_OUT_OF_KEY_SCOPE;
}

function nothing(code: ReasonCode): PermissionList {
  return { code, permissions: [], validUntilMs: Number.POSITIVE_INFINITY };
}

function reaches(grant: HeldGrant, resource: string): boolean {
  return covers(grant.resourcePrefix, resource);
}

function isListed(
  view: ViewState,
  tenant: Tenant,
  permission: Permission,
  limits: CredentialLimits,
): boolean {
  if (permission.retired) return false;
  if (limits.scopes.length > 0 && !anyMatches(limits.scopes, permission.name)) return false;
  if (limits.issuedInOutage === true && permission.risk === 'SENSITIVE') return false;
  return !view.quarantined.holds(tenant.id, 'permission', permission.name);
}

function held(
  tenant: Tenant,
  permission: Permission,
  grants: readonly HeldGrant[],
  limits: CredentialLimits,
): HeldPermission {
  const prefixes = new Set<string>();
  for (const { role, resourcePrefix } of grants) {
    if (!role.allows(permission.index, tenant.permissionNames, tenant.generation)) continue;
    const left = withinLimits(resourcePrefix, limits);
    if (left !== undefined && resourceProblem(left) === undefined) prefixes.add(left);
  }
  const widest = [...prefixes].filter((prefix) => !isUnderAnother(prefixes, prefix));
  return { permission: permission.name, resourcePrefixes: widest.sort() };
}

function isUnderAnother(prefixes: ReadonlySet<string>, prefix: string): boolean {
  if (prefix === '') return false;
  for (let end = prefix.lastIndexOf('/'); end > 0; end = prefix.lastIndexOf('/', end - 1)) {
    if (prefixes.has(prefix.slice(0, end))) return true;
  }
  return prefixes.has('');
}
