import type { VaultRef } from './vault-ref.js';

/** Per-tenant settings; an absent field means the default of `docs/operations.md`. */
export interface TenantSettings {
  readonly passwordMinLength?: number | undefined;
  readonly accessTokenTtlMs?: number | undefined;
  readonly softStalenessMs?: number | undefined;
  readonly hardStalenessMs?: number | undefined;
}

export interface TenantCreated {
  readonly type: 'TenantCreated';
  readonly slug: string;
  readonly displayName: string;
  readonly settings: TenantSettings | undefined;
  /** The sealed key of the tenant's blind indexes. */
  readonly blindIndexKey: VaultRef;
}
export interface TenantSettingsChanged {
  readonly type: 'TenantSettingsChanged';
  /** Only the changed fields. */
  readonly settings: TenantSettings;
}
export interface TenantSuspended {
  readonly type: 'TenantSuspended';
}
export interface TenantResumed {
  readonly type: 'TenantResumed';
}
export interface TenantDeleted {
  readonly type: 'TenantDeleted';
  readonly slug: string;
  readonly eraseAfterMs: number;
}
