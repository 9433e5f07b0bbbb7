import type { ApiKey } from '../projection/api-key.js';
import type { SigningKey } from '../projection/signing-keys.js';
import type { Tenant } from '../projection/tenant.js';
import type { ViewState } from '../projection/view-state.js';
import {
  ALLOW,
  CREDENTIAL_BLOCKED,
  CREDENTIAL_CHANGED,
  CREDENTIAL_EXPIRED,
  CREDENTIAL_UNKNOWN,
  ISSUED_BEFORE_RESTORE,
  QUARANTINED,
  type ReasonCode,
  SIGNING_KEY_COMPROMISED,
  SIGNING_KEY_NOT_ACTIVE,
  SIGNING_KEY_REMOVED,
  SIGNING_KEY_RETIRED,
  SIGNING_KEY_UNKNOWN,
  WATERMARK,
} from '../reason-code.js';
import type { SessionState } from '../sessions/session-state.js';
import { clientStatus, touchesClient } from './client-status.js';
import { credentialBehind, keyItself } from './credential-behind.js';
import { strictestWatermark, tokenSession } from './session-status.js';
import { isDeniedEarly, principalStatus, tenantStatus } from './subject-status.js';
import type { TokenFacts } from './token-facts.js';
import { touchesPrincipal, touchesTenant } from './touches-quarantine.js';

/** The API key with this SHA-256 (base64url) of its text: an exact look-up. */
export function findApiKey(view: ViewState, sha256: string): ApiKey | undefined {
  return view.apiKeys.get(sha256);
}

/**
 * Why an API key that `findApiKey` did not find is refused: CREDENTIAL_UNKNOWN, or QUARANTINED when a
 * record about it could not be read. While keys are quarantined this hashes once per tenant.
 */
export function unknownApiKey(view: ViewState, sha256: string): ReasonCode {
  const unread = view.tenants.some((tenant) => view.quarantined.holds(tenant.id, 'apikey', sha256));
  return unread ? QUARANTINED : CREDENTIAL_UNKNOWN;
}

/**
 * Whether an API key may be used at `nowMs`: ALLOW, or the first reason against it (tenant, principal,
 * a restore, revoked, blocked, replaced, expired, watermark). A password change does not end API keys; a raised
 * watermark of principal, tenant or cluster does.
 */
export function apiKeyStatus(view: ViewState, key: ApiKey, nowMs: number): ReasonCode {
  const tenant = view.tenants[key.tenant] as Tenant;
  if (view.quarantined.size > 0 && touchesApiKey(view, tenant.id, key)) return QUARANTINED;
  const ofTenant = tenantStatus(view, tenant);
  if (ofTenant !== ALLOW) return ofTenant;
  const ofPrincipal = principalStatus(view, key.principal, nowMs);
  if (ofPrincipal !== ALLOW) return ofPrincipal;
  if (key.authPosition < view.openedAt) return ISSUED_BEFORE_RESTORE;
  const itself = keyItself(view, tenant, key, nowMs);
  if (itself !== ALLOW) return itself;
  const own = view.issuedNotBefore.get(key.principal) ?? -1;
  return key.authPosition >= Math.max(own, tenant.watermark, view.watermark) ? ALLOW : WATERMARK;
}

function touchesApiKey(view: ViewState, tenant: string, key: ApiKey): boolean {
  return (
    touchesTenant(view, tenant) ||
    touchesPrincipal(view, tenant, view.principals.idOf(key.principal)) ||
    view.quarantined.holds(tenant, 'credential', key.credential) ||
    view.quarantined.holds(tenant, 'apikey', key.sha256)
  );
}

/** The key that verifies tokens with this kid: an exact look-up. Whether it may: `signingKeyStatus`. */
export function findSigningKey(view: ViewState, kid: string): SigningKey | undefined {
  return view.signingKeys.get(kid);
}

/** ALLOW while tokens signed by the key are good, else why not. */
export function signingKeyStatus(view: ViewState, kid: string, nowMs: number): ReasonCode {
  const { quarantined } = view;
  if (quarantined.size > 0 && quarantined.holds('', 'key', kid)) return QUARANTINED;
  const key = view.signingKeys.get(kid);
  if (key !== undefined && key.publishedAt < view.openedAt) return ISSUED_BEFORE_RESTORE;
  switch (key?.status) {
    case undefined:
      return SIGNING_KEY_UNKNOWN;
    case 'PUBLISHED':
      return SIGNING_KEY_NOT_ACTIVE;
    case 'ACTIVE':
      return ALLOW;
    case 'RETIRING':
      return key !== undefined && nowMs < key.retireAfterMs ? ALLOW : SIGNING_KEY_RETIRED;
    case 'REMOVED':
      return SIGNING_KEY_REMOVED;
    case 'COMPROMISED':
      return SIGNING_KEY_COMPROMISED;
  }
}

/**
 * Whether a verified token is still good at `nowMs`: tenant and principal active, issued since the last
 * restore, signing key good, not expired, the credential that it was issued for not revoked, removed or
 * blocked, its client good and consented to, its auth position at or after *every* watermark that
 * applies, and neither itself nor its family nor its session revoked in S. The strictest wins; positions
 * are compared, never clocks. An absent claim refuses.
 */
export function tokenStatus(
  view: ViewState,
  sessions: SessionState | undefined,
  token: TokenFacts,
  nowMs: number,
): ReasonCode {
  const tenant = view.findTenant(token.tenant);
  if (view.quarantined.size > 0 && touchesToken(view, token)) return QUARANTINED;
  const ofTenant = tenantStatus(view, tenant);
  if (tenant === undefined || ofTenant !== ALLOW) return ofTenant;
  const row = view.principals.find(tenant.index, token.principal);
  const ofPrincipal = principalStatus(view, row, nowMs);
  if (ofPrincipal !== ALLOW) return ofPrincipal;
  // Not `<`: a token without the claim is no newer than the restore.
  if (view.openedAt >= 0 && !(token.authPosition >= view.openedAt)) return ISSUED_BEFORE_RESTORE;
  const ofKey = signingKeyStatus(view, token.kid, nowMs);
  if (ofKey !== ALLOW) return ofKey;
  if (!(token.expiresAtMs > nowMs)) return CREDENTIAL_EXPIRED;
  const behind = credentialBehind(view, tenant, token.credential, nowMs);
  if (behind !== ALLOW) return behind;
  const { place } = token;
  // Before there was a ledger S there were no clients, but their watermarks could be raised.
  if (place !== undefined) {
    const ofClient = clientStatus(view, tenant, token.client, token.principal, place.issuedAt);
    if (ofClient !== ALLOW) return ofClient;
  }
  const strictest = strictestWatermark(view, tenant, row, token.client);
  if (!(token.authPosition >= strictest)) return WATERMARK;
  return tokenSession(view, sessions, tenant, row, token, nowMs);
}

function touchesToken(view: ViewState, token: TokenFacts): boolean {
  return (
    touchesTenant(view, token.tenant) ||
    touchesPrincipal(view, token.tenant, token.principal) ||
    view.quarantined.holds(token.tenant, 'credential', token.credential) ||
    touchesClient(view, token.tenant, token.client, token.principal)
  );
}

/** A password that identity verified: it is good while the view shows the same version of it. */
export interface VerifiedPassword {
  readonly tenant: string;
  readonly principal: string;
  readonly credential: string;
  readonly version: number;
}

/** Whether an earlier verdict "this password is right" still holds at `nowMs`. */
export function passwordStatus(
  view: ViewState,
  password: VerifiedPassword,
  nowMs: number,
): ReasonCode {
  const { quarantined } = view;
  const { principal, credential } = password;
  const tenant = view.findTenant(password.tenant);
  if (
    touchesTenant(view, password.tenant) ||
    touchesPrincipal(view, password.tenant, principal) ||
    quarantined.holds(password.tenant, 'password-of', principal) ||
    quarantined.holds(password.tenant, 'credential', credential)
  ) {
    return QUARANTINED;
  }
  const ofTenant = tenantStatus(view, tenant);
  if (tenant === undefined || ofTenant !== ALLOW) return ofTenant;
  const row = view.principals.find(tenant.index, principal);
  const ofPrincipal = principalStatus(view, row, nowMs);
  if (ofPrincipal !== ALLOW) return ofPrincipal;
  const current = view.principals.passwordOf(row);
  if (current === 0 || current !== password.version) return CREDENTIAL_CHANGED;
  if (isDeniedEarly(view, tenant, 'CREDENTIAL', credential)) return CREDENTIAL_BLOCKED;
  return tenant.blocked.has(credential) ? CREDENTIAL_BLOCKED : ALLOW;
}
