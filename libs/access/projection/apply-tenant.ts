import type { DomainEvent } from '#libs/events/catalogue.js';
import { type EventContext, systemTenant } from '#libs/events/envelope.js';

import type { Tenant, TenantStatus } from './tenant.js';
import type { ViewState } from './view-state.js';

type TenantEvent = Extract<
  DomainEvent,
  {
    type:
      | 'TenantCreated'
      | 'TenantSettingsChanged'
      | 'TenantSuspended'
      | 'TenantResumed'
      | 'TenantDeleted'
      | 'WatermarkRaised';
  }
>;

/** Deleted is final; suspending what is not active and resuming what is not suspended do nothing. */
export function applyTenant(state: ViewState, event: TenantEvent, ctx: EventContext): void {
  const tenant = state.ownTenant(ctx.tenant);
  switch (event.type) {
    case 'TenantCreated':
      if (tenant.status !== 'UNKNOWN') return;
      setStatus(tenant, 'ACTIVE', ctx.position);
      tenant.settings = { ...event.settings };
      tenant.slug = event.slug;
      state.tenantsBySlug.set(event.slug, tenant);
      return;
    case 'TenantSettingsChanged':
      changeSettings(tenant, event.settings ?? {});
      return;
    case 'TenantSuspended':
      if (tenant.status === 'ACTIVE') setStatus(tenant, 'SUSPENDED', ctx.position);
      return;
    case 'TenantResumed':
      if (tenant.status === 'SUSPENDED') setStatus(tenant, 'ACTIVE', ctx.position);
      return;
    case 'TenantDeleted':
      if (tenant.status === 'DELETED') return;
      setStatus(tenant, 'DELETED', ctx.position);
      if (state.tenantsBySlug.get(tenant.slug) === tenant) state.tenantsBySlug.delete(tenant.slug);
      return;
    case 'WatermarkRaised':
      raiseWatermark(state, tenant, event, ctx.position);
  }
}

function setStatus(tenant: Tenant, status: TenantStatus, position: number): void {
  tenant.status = status;
  tenant.statusAt = position;
}

function changeSettings(tenant: Tenant, changed: Tenant['settings']): void {
  const given = Object.entries(changed).filter(([, value]) => value !== undefined);
  tenant.settings = { ...tenant.settings, ...Object.fromEntries(given) };
}

/** Only the system tenant may name another tenant; any other record raises its own tenant's. */
function raiseWatermark(
  state: ViewState,
  own: Tenant,
  event: Extract<TenantEvent, { type: 'WatermarkRaised' }>,
  position: number,
): void {
  switch (event.scope) {
    case 'ALL':
      state.watermark = Math.max(state.watermark, position);
      return;
    case 'TENANT': {
      const foreign = own.id === systemTenant && event.id !== '';
      const tenant = foreign ? state.ownTenant(event.id) : own;
      tenant.watermark = Math.max(tenant.watermark, position);
      return;
    }
    case 'CLIENT': {
      const before = own.clientWatermarks.get(event.id) ?? -1;
      own.clientWatermarks.set(event.id, Math.max(before, position));
      return;
    }
    case 'PRINCIPAL': {
      const row = state.principals.find(own.index, event.id);
      if (row < 0) return;
      state.principals.raiseWatermark(row, position);
      const before = state.issuedNotBefore.get(row) ?? -1;
      state.issuedNotBefore.set(row, Math.max(before, position));
    }
  }
}
