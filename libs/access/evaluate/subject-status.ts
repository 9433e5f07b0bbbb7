import { active, deleted } from '../projection/subjects.js';
import type { Tenant } from '../projection/tenant.js';
import type { ViewState } from '../projection/view-state.js';
import {
  ALLOW,
  PRINCIPAL_DELETED,
  PRINCIPAL_SUSPENDED,
  PRINCIPAL_UNKNOWN,
  type ReasonCode,
  TENANT_DELETED,
  TENANT_SUSPENDED,
  TENANT_UNKNOWN,
} from '../reason-code.js';

/** ALLOW when the tenant is active, else why not. */
export function tenantStatus(tenant: Tenant | undefined): ReasonCode {
  if (tenant === undefined) return TENANT_UNKNOWN;
  switch (tenant.status) {
    case 'ACTIVE':
      return ALLOW;
    case 'SUSPENDED':
      return TENANT_SUSPENDED;
    case 'DELETED':
      return TENANT_DELETED;
    case 'UNKNOWN':
      return TENANT_UNKNOWN;
  }
}

/** ALLOW when the principal at the row (−1: none) is active at `nowMs`, else why not. */
export function principalStatus(view: ViewState, row: number, nowMs: number): ReasonCode {
  if (row < 0) return PRINCIPAL_UNKNOWN;
  const status = view.principals.statusOf(row);
  if (status === active) return ALLOW;
  if (status === deleted) return PRINCIPAL_DELETED;
  return nowMs < suspendedUntil(view, row) ? PRINCIPAL_SUSPENDED : ALLOW;
}

/** End of the principal's suspension (ms since the Unix epoch); `Infinity` without one. */
export function suspendedUntil(view: ViewState, row: number): number {
  return view.suspendedUntil.get(row) ?? Number.POSITIVE_INFINITY;
}
