import { documentsOf } from '#services/identity/app/accounts.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import {
  defaultIdleMs,
  defaultLifetimeMs,
  defaultMostSessions,
  defaultOutageGraceMs,
  defaultRefreshGraceMs,
} from '#services/identity/domain/session/lifetimes.js';
import { tenantSettings } from '#services/identity/domain/tenant/state.js';

/** What a tenant says of its sessions, with the defaults filled in. Durations in ms. */
export interface SessionLifetimes {
  readonly idleMs: number;
  readonly lifetimeMs: number;
  readonly mostSessions: number;
  readonly refreshIdleMs: number;
  readonly refreshLifetimeMs: number;
  readonly refreshGraceMs: number;
  readonly outageGraceMs: number;
}

export function sessionLifetimes(
  { ledger }: Pick<IdentityParts, 'ledger'>,
  tenant: string,
): SessionLifetimes {
  const settings = tenantSettings.read(documentsOf(ledger.state), tenant, tenant) ?? {};
  const idleMs = settings.sessionIdleMs ?? defaultIdleMs;
  const lifetimeMs = settings.sessionAbsoluteMs ?? defaultLifetimeMs;
  return {
    idleMs,
    lifetimeMs,
    mostSessions: settings.sessionLimit ?? defaultMostSessions,
    refreshIdleMs: settings.refreshIdleMs ?? idleMs,
    refreshLifetimeMs: settings.refreshAbsoluteMs ?? lifetimeMs,
    refreshGraceMs: settings.refreshGraceMs ?? defaultRefreshGraceMs,
    outageGraceMs: settings.outageGraceMs ?? defaultOutageGraceMs,
  };
}
