import { heldGrants } from '#libs/access/evaluate/held-grants.js';
import { coversPattern } from '#libs/access/permission-pattern.js';
import type { Role } from '#libs/access/projection/role.js';
import type { ViewState } from '#libs/access/projection/view-state.js';
import { covers } from '#libs/access/resource.js';
import { limitsOf, type Caller } from '#services/identity/app/caller.js';

/** A permission of Ledgate itself (or a pattern that covers some), and where it is held. */
export interface LedgateRight {
  readonly pattern: string;
  readonly resourcePrefix: string;
}

/** Covers permissions of Ledgate itself. */
export function isReserved(pattern: string): boolean {
  return pattern === '*' || /^ledgate[.:]/u.test(pattern);
}

/** Confers administration, or any permission of Ledgate itself. */
export function isAdministrative(role: Role | undefined): boolean {
  return (role?.closure() ?? []).some(
    (each) => each.admin || [...each.patterns.keys()].some(isReserved),
  );
}

/** What a principal may do in Ledgate itself, by its own grants and those of its groups. */
export function ledgateRights(
  view: ViewState,
  tenant: string,
  principal: string,
  nowMs: number,
): readonly LedgateRight[] {
  const row = view.principalRow(tenant, principal);
  if (row < 0) return [];
  return heldGrants(view, row)
    .filter(({ expiresAtMs }) => expiresAtMs > nowMs)
    .flatMap(({ role, resourcePrefix }) =>
      role
        .closure()
        .flatMap(({ patterns }) => [...patterns.keys()])
        .filter(isReserved)
        .map((pattern) => ({ pattern, resourcePrefix })),
    );
}

/** Whether the caller holds all of these, within the limits of its credential. */
export function holdsAll(
  view: ViewState,
  caller: Caller,
  wanted: readonly LedgateRight[],
  nowMs: number,
): boolean {
  const limits = limitsOf(view, caller);
  if (limits === undefined) return false;
  const own = ledgateRights(view, caller.tenant, caller.principal, nowMs);
  return wanted.every(
    ({ pattern, resourcePrefix }) =>
      own.some(
        (held) =>
          coversPattern(held.pattern, pattern) && covers(held.resourcePrefix, resourcePrefix),
      ) &&
      covers(limits.resourcePrefix, resourcePrefix) &&
      (limits.scopes.length === 0 || limits.scopes.some((scope) => coversPattern(scope, pattern))),
  );
}
