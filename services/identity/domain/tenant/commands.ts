import type { TenantSettings, VaultRef } from '#libs/events/catalogue.js';
import type { GrantRole } from '#services/identity/domain/grant/commands.js';
import type { RegisterPrincipal } from '#services/identity/domain/principal/commands.js';

/** The tenant of each command is that of its envelope; here the one that comes into being. */
export interface CreateTenant {
  readonly type: 'CreateTenant';
  readonly slug: string;
  readonly displayName: string;
  readonly settings: TenantSettings;
  readonly blindIndexKey: VaultRef;
  /** Id of the tenant's `admin` role. */
  readonly adminRole: string;
  /** The first administrator, registered and granted in the same record. */
  readonly admin?: { readonly principal: RegisterPrincipal; readonly grant: string } | undefined;
}
export interface ChangeTenantSettings {
  readonly type: 'ChangeTenantSettings';
  /** Only the fields to change. */
  readonly settings: TenantSettings;
}
export interface SuspendTenant {
  readonly type: 'SuspendTenant';
}
export interface ResumeTenant {
  readonly type: 'ResumeTenant';
}
export interface DeleteTenant {
  readonly type: 'DeleteTenant';
  /** The slug once more, so that nothing is deleted by a slip. */
  readonly confirmSlug: string;
  /** When what remains may be erased, ms since the Unix epoch. */
  readonly eraseAfterMs: number;
}

export type TenantCommand =
  | CreateTenant
  | ChangeTenantSettings
  | SuspendTenant
  | ResumeTenant
  | DeleteTenant;

/** The grant that makes somebody administrator of the tenant. */
export function adminGrant(grant: string, principal: string, role: string): GrantRole {
  const subject = { subjectKind: 'PRINCIPAL', subject: principal } as const;
  return { type: 'GrantRole', grant, ...subject, role, resourcePrefix: '' };
}
