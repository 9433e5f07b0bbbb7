import { anyMatches } from '../permission-pattern.js';
import type { CredentialLimits } from '../projection/api-key.js';
import type { Tenant } from '../projection/tenant.js';
import type { ViewState } from '../projection/view-state.js';
import {
  ALLOW,
  CREDENTIAL_EXPIRED,
  ISSUED_IN_OUTAGE,
  NO_GRANT,
  PRINCIPAL_SUSPENDED,
  PRINCIPAL_UNKNOWN,
  QUARANTINED,
  type ReasonCode,
  RESOURCE_INVALID,
  RESOURCE_OUT_OF_KEY_SCOPE,
  SCOPE_INSUFFICIENT,
  UNKNOWN_PERMISSION,
} from '../reason-code.js';
import { covers, resourceProblem } from '../resource.js';
import { now, searchGrants, validUntil } from './grant-search.js';
import { principalStatus, suspendedUntil, tenantStatus } from './subject-status.js';
import { touchesQuestion } from './touches-quarantine.js';

/**
 * May the principal at `row` (from `view.principalRow`) do `action` on `resource` at `nowMs`, with a
 * credential that leaves it `limits` (`unlimited` for a bare subject)? `=== ALLOW` is the only test for
 * allow. The rules, in this order; the first that fails is the reason:
 *
 * 1. nothing it rests on is quarantined              5. the action is a defined, exact permission
 * 2. the tenant is active                            6. the resource is well-formed
 * 3. the principal is active                         7. it lies under the credential's prefix
 * 4. the credential has not expired                  8. the credential's scopes cover the action
 * 9. it was not issued in an outage, where the action is SENSITIVE
 * 10. some unexpired grant, own or by group, of a role whose closure holds the permission covers it
 *
 * Whether the credential itself is valid comes before: `apiKeyStatus`, `tokenStatus`. Allocates
 * nothing; `validUntilMs(view)` tells until when the answer stands.
 */
export function check(
  view: ViewState,
  row: number,
  action: string,
  resource: string,
  nowMs: number,
  limits: CredentialLimits,
): ReasonCode {
  const { scratch } = view;
  scratch[validUntil] = Number.POSITIVE_INFINITY;
  scratch[now] = nowMs;
  if (row < 0) return PRINCIPAL_UNKNOWN;
  if (view.quarantined.size > 0 && touchesQuestion(view, row, action)) return QUARANTINED;
  const tenant = view.tenants[view.principals.tenantOf(row)] as Tenant;
  const ofTenant = tenantStatus(view, tenant);
  if (ofTenant !== ALLOW) return ofTenant;
  const ofPrincipal = principalStatus(view, row, nowMs);
  if (ofPrincipal !== ALLOW) {
    if (ofPrincipal === PRINCIPAL_SUSPENDED) scratch[validUntil] = suspendedUntil(view, row);
    return ofPrincipal;
  }
  if (!(limits.expiresAtMs > nowMs)) return CREDENTIAL_EXPIRED;
  const permission = tenant.permissions.get(action);
  if (permission === undefined || permission.retired) return UNKNOWN_PERMISSION;
  if (resourceProblem(resource) !== undefined) return RESOURCE_INVALID;
  if (!covers(limits.resourcePrefix, resource)) return RESOURCE_OUT_OF_KEY_SCOPE;
  if (limits.scopes.length > 0 && !anyMatches(limits.scopes, action)) return SCOPE_INSUFFICIENT;
  if (limits.issuedInOutage === true && permission.risk === 'SENSITIVE') return ISSUED_IN_OUTAGE;
  scratch[validUntil] = Number.NEGATIVE_INFINITY;
  searchGrants(view, view.principals.setOf(row), tenant, permission.index, resource);
  if (scratch[validUntil] === Number.NEGATIVE_INFINITY) {
    scratch[validUntil] = Number.POSITIVE_INFINITY;
    return NO_GRANT;
  }
  if (limits.expiresAtMs < scratch[validUntil]) scratch[validUntil] = limits.expiresAtMs;
  return ALLOW;
}

/**
 * Of the last `check` on this view: the earliest time (ms since the Unix epoch) at which its decision
 * can change because time passes, and no event comes; `Infinity`: never. Overwritten by the next.
 */
export function validUntilMs(view: ViewState): number {
  return view.scratch[validUntil] as number;
}
