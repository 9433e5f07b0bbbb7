import { setHeader } from '../projection/entry-sets.js';
import type { Role } from '../projection/role.js';
import { memberOf } from '../projection/set-entries.js';
import type { Tenant } from '../projection/tenant.js';
import type { ViewState } from '../projection/view-state.js';
import { covers } from '../resource.js';

/** Places in `view.scratch`. */
export const validUntil = 0;
export const now = 1;

/**
 * The latest expiry of the unexpired grants in a set (and in the sets of its groups) that allow the
 * permission on the resource, into `scratch[validUntil]`; left as it is where none is later. Reads the
 * time from `scratch[now]`. Allocates nothing.
 */
export function searchGrants(
  view: ViewState,
  set: number,
  tenant: Tenant,
  permission: number,
  resource: string,
): void {
  const { scratch, entries, sets } = view;
  const end = set + setHeader + sets.lengthOf(set);
  for (let i = set + setHeader; i < end; i++) {
    const entry = sets.words[i] as number;
    const prefix = entries.prefix[entry] as number;
    const target = entries.target[entry] as number;
    if (prefix === memberOf) {
      searchGrants(view, view.groups.setOf(target), tenant, permission, resource);
      continue;
    }
    const expiresAt = entries.expiresAt[entry] as number;
    if (expiresAt <= (scratch[now] as number)) continue;
    if (expiresAt <= (scratch[validUntil] as number)) continue;
    const role = view.roles[target] as Role;
    if (!role.allows(permission, tenant.permissionNames, tenant.generation)) continue;
    if (covers(view.prefixes.text(prefix), resource)) scratch[validUntil] = expiresAt;
  }
}
