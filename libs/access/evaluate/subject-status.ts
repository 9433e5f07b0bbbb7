import type { AccessDenyKind } from '../projection/access-denies.js';
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

/** ALLOW when the tenant is active, else why not. A suspension that L could not take yet counts. */
export function tenantStatus(view: ViewState, tenant: Tenant | undefined): ReasonCode {
  if (tenant === undefined) return TENANT_UNKNOWN;
  if (isDeniedEarly(view, tenant, 'TENANT', tenant.id)) return TENANT_SUSPENDED;
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

/**
 * ALLOW when the principal at the row (−1: none) is active at `nowMs`, else why not. A suspension that L
 * could not take yet counts.
 */
export function principalStatus(view: ViewState, row: number, nowMs: number): ReasonCode {
  const status = principalInLedger(view, row, nowMs);
  if (status !== ALLOW) return status;
  return nowMs < earlyUntil(view, row) ? PRINCIPAL_SUSPENDED : ALLOW;
}

/** The same by what ledger L says alone. */
export function principalInLedger(view: ViewState, row: number, nowMs: number): ReasonCode {
  if (row < 0) return PRINCIPAL_UNKNOWN;
  const status = view.principals.statusOf(row);
  if (status === active) return ALLOW;
  if (status === deleted) return PRINCIPAL_DELETED;
  return nowMs < endInLedger(view, row) ? PRINCIPAL_SUSPENDED : ALLOW;
}

/** End of the principal's suspension (ms since the Unix epoch); `Infinity` without one. */
export function suspendedUntil(view: ViewState, row: number): number {
  return Math.max(endInLedger(view, row), earlyUntil(view, row));
}

function endInLedger(view: ViewState, row: number): number {
  return view.suspendedUntil.get(row) ?? Number.POSITIVE_INFINITY;
}

/** 0: no suspension waits for the ledger. */
function earlyUntil(view: ViewState, row: number): number {
  const { early } = view;
  if (early === undefined || early.size === 0 || row < 0) return 0;
  const tenant = view.tenants[view.principals.tenantOf(row)];
  return early.deniedUntil(tenant?.id ?? '', 'PRINCIPAL', view.principals.idOf(row));
}

/** Whether access was taken away that the ledger could not take yet. */
export function isDeniedEarly(
  { early }: ViewState,
  { id: tenant }: Pick<Tenant, 'id'>,
  kind: AccessDenyKind,
  id: string,
): boolean {
  return early !== undefined && early.size > 0 && early.deniedUntil(tenant, kind, id) > 0;
}
