import type { FactorDemand, FactorKind } from './closed-sets.js';
import type { VaultRef } from './vault-ref.js';

/** Which second factors a tenant takes, and from whom it wants one. Set as a whole. */
export interface FactorPolicy {
  /** For new factors. Empty: authenticator apps, passkeys and recovery codes. */
  readonly allowed: readonly FactorKind[];
  readonly requiredFor: FactorDemand;
  /** So long a device that proved a second factor is not asked again, days; 0: never remembered. */
  readonly rememberDevicesDays: number;
  /** HTTP Basic takes the password alone also of accounts that have a second factor. */
  readonly basicWithoutFactor?: boolean | undefined;
}

/** Per-tenant settings; an absent field means the default of `docs/operations.md`. */
export interface TenantSettings {
  readonly passwordMinLength?: number | undefined;
  readonly accessTokenTtlMs?: number | undefined;
  readonly softStalenessMs?: number | undefined;
  readonly hardStalenessMs?: number | undefined;
  readonly factors?: FactorPolicy | undefined;
  /** Anybody with a mail address may make an account. */
  readonly selfSignUp?: boolean | undefined;
  /** What is mailed about an account goes to addresses too that nobody has verified. */
  readonly mailUnverified?: boolean | undefined;
  /** A session that nobody used for so long is over. */
  readonly sessionIdleMs?: number | undefined;
  /** A session is over so long after it began, however much it is used. */
  readonly sessionAbsoluteMs?: number | undefined;
  /** Sessions of one principal at the same time; the oldest is ended by the next one. */
  readonly sessionLimit?: number | undefined;
  readonly refreshIdleMs?: number | undefined;
  readonly refreshAbsoluteMs?: number | undefined;
  /** So long a refresh token that was used before gives its successor once more. */
  readonly refreshGraceMs?: number | undefined;
  /** So long after the ledger was last reached a refresh is still answered; 0: not at all. */
  readonly outageGraceMs?: number | undefined;
  /** Lifetime of access tokens for audiences that verify without asking. */
  readonly offlineTokenTtlMs?: number | undefined;
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
