import type { CredentialLimits } from '../projection/api-key.js';
import type { Role } from '../projection/role.js';
import { memberOf } from '../projection/set-entries.js';
import type { Subjects } from '../projection/subjects.js';
import type { ViewState } from '../projection/view-state.js';
import { covers } from '../resource.js';

/** A grant that reaches a principal, whether or not it is unexpired and its role live. */
export interface HeldGrant {
  readonly role: Role;
  readonly resourcePrefix: string;
  /** ms since the Unix epoch; `Infinity`: never. */
  readonly expiresAtMs: number;
  /** Position of the RoleGranted. */
  readonly position: number;
  /** Row of the group that it came by; −1: the principal's own. */
  readonly group: number;
  /** Position of the GroupMemberAdded; −1: the principal's own. */
  readonly memberSince: number;
}

/** Every grant of a principal: its own, then those of its groups. */
export function heldGrants(view: ViewState, principal: number): HeldGrant[] {
  const { principals, groups } = view;
  const own = grantsIn(view, principals, principal);
  const byGroup = memberships(view, principal).flatMap(({ group, since }) =>
    grantsIn(view, groups, group, group, since),
  );
  return [...own, ...byGroup];
}

export interface Membership {
  /** Row of the group, which may be absent or deleted. */
  readonly group: number;
  /** Position of the GroupMemberAdded. */
  readonly since: number;
}

export function memberships(view: ViewState, principal: number): Membership[] {
  const { sets, entries, positions, principals } = view;
  const set = principals.setOf(principal);
  const since = positions.all(principals.positionsOf(principal), sets.lengthOf(set));
  const found: Membership[] = [];
  for (let i = 0; i < sets.lengthOf(set); i++) {
    const entry = sets.entryAt(set, i);
    if (entries.prefix[entry] !== memberOf) continue;
    found.push({ group: entries.target[entry] as number, since: since[i] as number });
  }
  return found;
}

/** The grants of one principal or group; `group` and `memberSince` are what they are told to be. */
export function grantsIn(
  view: ViewState,
  subjects: Subjects,
  row: number,
  group = -1,
  memberSince = -1,
): HeldGrant[] {
  const { sets, entries, positions, prefixes, roles } = view;
  const set = subjects.setOf(row);
  const since = positions.all(subjects.positionsOf(row), sets.lengthOf(set));
  const found: HeldGrant[] = [];
  for (let i = 0; i < sets.lengthOf(set); i++) {
    const entry = sets.entryAt(set, i);
    const prefix = entries.prefix[entry] as number;
    if (prefix === memberOf) continue;
    found.push({
      role: roles[entries.target[entry] as number] as Role,
      resourcePrefix: prefixes.text(prefix),
      expiresAtMs: entries.expiresAt[entry] as number,
      position: since[i] as number,
      group,
      memberSince,
    });
  }
  return found;
}

/** The part of a grant's prefix that the credential leaves, or undefined. */
export function withinLimits(prefix: string, limits: CredentialLimits): string | undefined {
  if (covers(limits.resourcePrefix, prefix)) return prefix;
  return covers(prefix, limits.resourcePrefix) ? limits.resourcePrefix : undefined;
}
