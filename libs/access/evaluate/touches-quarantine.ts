import { emptySet } from '../projection/entry-sets.js';
import { memberOf } from '../projection/set-entries.js';
import type { Tenant } from '../projection/tenant.js';
import type { ViewState } from '../projection/view-state.js';

/** Whether a decision about the tenant would rest on a key of a record that could not be read. */
export function touchesTenant(view: ViewState, tenant: string): boolean {
  const { quarantined } = view;
  return (
    quarantined.size > 0 &&
    (quarantined.holds(tenant, 'tenant', tenant) ||
      quarantined.holds(tenant, 'watermark', `TENANT,${tenant}`) ||
      quarantined.holds('', 'watermark', 'ALL,'))
  );
}

/** The same for the principal: its own state, its credentials' watermarks, what it holds. */
export function touchesPrincipal(view: ViewState, tenant: string, principal: string): boolean {
  const { quarantined } = view;
  return (
    quarantined.size > 0 &&
    (quarantined.holds(tenant, 'principal', principal) ||
      quarantined.holds(tenant, 'grants-of', principal) ||
      quarantined.holds(tenant, 'groups-of', principal) ||
      quarantined.holds(tenant, 'sessions-of', principal) ||
      quarantined.holds(tenant, 'watermark', `PRINCIPAL,${principal}`))
  );
}

/** The same for everything that the principal at the row holds: every group and every role. */
export function touchesSubject(view: ViewState, row: number): boolean {
  if (view.quarantined.size === 0) return false;
  const tenant = view.tenants[view.principals.tenantOf(row)] as Tenant;
  const principal = view.principals.idOf(row);
  return (
    touchesTenant(view, tenant.id) ||
    touchesPrincipal(view, tenant.id, principal) ||
    touchesSet(view, tenant, view.principals.setOf(row), principal)
  );
}

/** The same for a question: what the principal holds, and the permission. */
export function touchesQuestion(view: ViewState, row: number, action: string): boolean {
  if (view.quarantined.size === 0) return false;
  const tenant = view.tenants[view.principals.tenantOf(row)] as Tenant;
  return touchesSubject(view, row) || view.quarantined.holds(tenant.id, 'permission', action);
}

function touchesSet(view: ViewState, tenant: Tenant, set: number, member: string): boolean {
  if (set === emptySet) return false;
  const { entries, sets, groups, quarantined } = view;
  for (let i = 0; i < sets.lengthOf(set); i++) {
    const entry = sets.entryAt(set, i);
    const target = entries.target[entry] as number;
    if (entries.prefix[entry] !== memberOf) {
      if (touchesRole(view, tenant, target)) return true;
      continue;
    }
    const group = groups.idOf(target);
    if (
      quarantined.holds(tenant.id, 'group', group) ||
      quarantined.holds(tenant.id, 'grants-of', group) ||
      quarantined.holds(tenant.id, 'member', `${group},${member}`) ||
      touchesSet(view, tenant, groups.setOf(target), member)
    ) {
      return true;
    }
  }
  return false;
}

/** The role itself, also when it is not there, and every role it names as a parent. */
function touchesRole(view: ViewState, tenant: Tenant, index: number): boolean {
  const role = view.roles[index];
  if (role === undefined) return false;
  const seen = new Set([role]);
  for (const each of seen) {
    if (view.quarantined.holds(tenant.id, 'role', each.id)) return true;
    for (const parent of each.parents.keys()) seen.add(parent);
  }
  return false;
}
