import type { Tenant } from '../projection/tenant.js';
import type { ViewState } from '../projection/view-state.js';
import {
  ALLOW,
  FAMILY_REVOKED,
  ISSUED_BEFORE_RESTORE,
  QUARANTINED,
  type ReasonCode,
  SESSION_ENDED,
  SESSION_EXPIRED,
  SESSION_IDLE,
  SESSION_UNKNOWN,
  TOKEN_REVOKED,
  WATERMARK,
} from '../reason-code.js';
import type { SessionRow } from '../sessions/session-row.js';
import type { SessionState } from '../sessions/session-state.js';
import { clientStatus, touchesClient } from './client-status.js';
import { credentialBehind } from './credential-behind.js';
import { principalStatus, tenantStatus } from './subject-status.js';
import { touchesPrincipal, touchesTenant } from './touches-quarantine.js';
import type { TokenFacts, TokenPlace } from './token-facts.js';

/**
 * Whether a session (from `sessions.find` or `findByToken`; undefined: there is none) is good at `nowMs`:
 * ALLOW, or the first reason against it. Tenant and principal active, not ended, within its idle and
 * absolute lifetimes, from after the last restore of either ledger, the credential behind it neither
 * blocked nor removed, its client neither suspended nor deleted, and verified at or after *every*
 * watermark that applies: the strictest wins. A session is never good by what is not known of it.
 */
export function sessionStatus(
  view: ViewState,
  sessions: SessionState,
  row: SessionRow | undefined,
  nowMs: number,
): ReasonCode {
  if (row === undefined) return SESSION_UNKNOWN;
  const tenant = view.findTenant(row.tenant);
  if (view.quarantined.size > 0 && touchesOwner(view, row)) return QUARANTINED;
  const ofTenant = tenantStatus(view, tenant);
  if (tenant === undefined || ofTenant !== ALLOW) return ofTenant;
  const principal = view.principals.find(tenant.index, row.principal);
  const ofPrincipal = principalStatus(view, principal, nowMs);
  if (ofPrincipal !== ALLOW) return ofPrincipal;
  return sessionItself(view, sessions, tenant, principal, row, nowMs);
}

/** The session without the standing of tenant and principal. */
function sessionItself(
  view: ViewState,
  sessions: SessionState,
  tenant: Tenant,
  principal: number,
  row: SessionRow,
  nowMs: number,
): ReasonCode {
  if (sessions.quarantined.size > 0 && touchesSession(sessions, row)) return QUARANTINED;
  if (row.endedAt >= 0 || sessions.early?.has(row.tenant, 'SESSION', row.session) === true) {
    return SESSION_ENDED;
  }
  if (row.startedAt < sessions.openedAt) return ISSUED_BEFORE_RESTORE;
  if (view.openedAt >= 0 && !(row.authPosition >= view.openedAt)) return ISSUED_BEFORE_RESTORE;
  if (!(row.expiresAtMs > nowMs)) return SESSION_EXPIRED;
  if (!(row.idleUntilMs > nowMs)) return SESSION_IDLE;
  const behind = credentialBehind(view, tenant, row.credential, nowMs);
  if (behind !== ALLOW) return behind;
  const ofClient = clientStatus(view, tenant, row.client, row.principal, row.authPosition);
  if (ofClient !== ALLOW) return ofClient;
  return row.authPosition >= strictestWatermark(view, tenant, principal, row.client)
    ? ALLOW
    : WATERMARK;
}

/**
 * What ledger S says, or is about to, of a token that is good by L: its own revocation, that of its family, and its
 * session. A token that names a session which is not known is refused. `sessions` undefined: S was not
 * read, so that of a token which names anything in it nothing can be said.
 */
export function tokenRevocation(
  sessions: SessionState | undefined,
  tenant: string,
  place: TokenPlace,
): ReasonCode {
  if (sessions === undefined) return namesAnything(place) ? QUARANTINED : ALLOW;
  if (sessions.quarantined.size > 0 && touchesPlace(sessions, tenant, place)) return QUARANTINED;
  // Not `<`: a token without the claim is no newer than the restore.
  if (sessions.openedAt >= 0 && !(place.position >= sessions.openedAt)) {
    return ISSUED_BEFORE_RESTORE;
  }
  const own = sessions.tenants.get(tenant);
  const { early } = sessions;
  const { tokenId, family } = place;
  if (own?.tokens.has(tokenId) === true || early?.has(tenant, 'TOKEN', tokenId) === true) {
    return TOKEN_REVOKED;
  }
  if (family === '') return ALLOW;
  const revoked =
    own?.families.has(family) === true || early?.has(tenant, 'FAMILY', family) === true;
  return revoked ? FAMILY_REVOKED : ALLOW;
}

/** The session that a token belongs to, which must be its principal's own. */
export function tokenSession(
  view: ViewState,
  sessions: SessionState | undefined,
  tenant: Tenant,
  principal: number,
  token: TokenFacts,
  nowMs: number,
): ReasonCode {
  const { place } = token;
  if (place === undefined) return ALLOW;
  const revoked = tokenRevocation(sessions, tenant.id, place);
  if (sessions === undefined || revoked !== ALLOW || place.session === '') return revoked;
  const row = sessions.find(tenant.id, place.session);
  if (row?.principal !== token.principal) return SESSION_UNKNOWN;
  return sessionItself(view, sessions, tenant, principal, row, nowMs);
}

/** Whatever was verified on a position before this one is dead. */
export function strictestWatermark(
  view: ViewState,
  tenant: Tenant,
  principal: number,
  client: string,
): number {
  const ofClient = client === '' ? -1 : (tenant.clientWatermarks.get(client) ?? -1);
  const ofPrincipal = view.principals.watermarkOf(principal);
  return Math.max(ofPrincipal, ofClient, tenant.watermark, view.watermark, 0);
}

/** Why a session token that belongs to no session is refused. */
export function unknownSession(sessions: SessionState, sha256: string): ReasonCode {
  return sessions.quarantined.holds('', 'session-token', sha256) ? QUARANTINED : SESSION_UNKNOWN;
}

/** A token of a cell that has no ledger S names nothing in it. */
function namesAnything({ session, family, position }: TokenPlace): boolean {
  return session !== '' || family !== '' || position >= 0;
}

function touchesOwner(view: ViewState, row: SessionRow): boolean {
  return (
    touchesTenant(view, row.tenant) ||
    touchesPrincipal(view, row.tenant, row.principal) ||
    touchesClient(view, row.tenant, row.client, row.principal) ||
    view.quarantined.holds(row.tenant, 'credential', row.credential)
  );
}

function touchesSession({ quarantined }: SessionState, row: SessionRow): boolean {
  return quarantined.holds(row.tenant, 'session', row.session);
}

function touchesPlace({ quarantined }: SessionState, tenant: string, place: TokenPlace): boolean {
  return (
    quarantined.holds(tenant, 'token', place.tokenId) ||
    quarantined.holds(tenant, 'session', place.session) ||
    quarantined.holds(tenant, 'family', place.family)
  );
}
