import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentWriter } from '#libs/decider/documents.js';
import { presentFields } from '#libs/decider/present-fields.js';
import type { DomainEvent, TenantSettings, VaultRef } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

export interface TenantDocument {
  readonly slug: string;
  readonly displayName: string;
  readonly status: 'ACTIVE' | 'SUSPENDED' | 'DELETED';
  readonly blindIndexKey: VaultRef;
  readonly createdAtMs: number;
  readonly eraseAfterMs?: number;
}

export const tenants = new DocumentKind<TenantDocument>('tenant');
export const tenantSettings = new DocumentKind<TenantSettings>('tenant-settings');
/** Cluster-wide: slug → tenant. */
export const slugs = new DocumentKind<{ readonly tenant: string }>('slug');

export type TenantEvent = Extract<
  DomainEvent,
  {
    type:
      | 'TenantCreated'
      | 'TenantSettingsChanged'
      | 'TenantSuspended'
      | 'TenantResumed'
      | 'TenantDeleted';
  }
>;

export function evolveTenant(event: TenantEvent, to: DocumentWriter, context: EventContext): void {
  const { tenant, atMs } = context;
  switch (event.type) {
    case 'TenantCreated': {
      const { slug, displayName, blindIndexKey } = event;
      const document = { slug, displayName, status: 'ACTIVE', blindIndexKey } as const;
      tenants.put(to, tenant, tenant, { ...document, createdAtMs: atMs });
      tenantSettings.put(to, tenant, tenant, mergeSettings({}, event.settings ?? {}));
      return slugs.put(to, '', slug, { tenant });
    }
    case 'TenantSettingsChanged': {
      const before = tenantSettings.read(to, tenant, tenant) ?? {};
      return tenantSettings.put(to, tenant, tenant, mergeSettings(before, event.settings));
    }
    case 'TenantSuspended':
      return tenants.change(to, tenant, tenant, (it) => ({ ...it, status: 'SUSPENDED' }));
    case 'TenantResumed':
      return tenants.change(to, tenant, tenant, (it) => ({ ...it, status: 'ACTIVE' }));
    case 'TenantDeleted': {
      const { eraseAfterMs } = event;
      const status = 'DELETED';
      tenants.change(to, tenant, tenant, (it) => ({ ...it, status, eraseAfterMs }));
      return slugs.remove(to, '', event.slug);
    }
  }
}

/** The settings after a change that names only some of them. */
export function mergeSettings(before: TenantSettings, change: TenantSettings): TenantSettings {
  const { factors, ...rest } = presentFields(change);
  return {
    ...before,
    ...rest,
    ...(factors === undefined ? {} : { factors: presentFields(factors) }),
  };
}
