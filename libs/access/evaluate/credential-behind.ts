import type { ApiKey } from '../projection/api-key.js';
import type { Tenant } from '../projection/tenant.js';
import type { ViewState } from '../projection/view-state.js';
import {
  ALLOW,
  CREDENTIAL_BLOCKED,
  CREDENTIAL_EXPIRED,
  CREDENTIAL_REPLACED,
  CREDENTIAL_REVOKED,
  type ReasonCode,
} from '../reason-code.js';
import { isDeniedEarly } from './subject-status.js';

/** An API key alone, without its principal. */
export function keyItself(view: ViewState, tenant: Tenant, key: ApiKey, nowMs: number): ReasonCode {
  if (key.revokedAt >= 0) return CREDENTIAL_REVOKED;
  if (isDeniedEarly(view, tenant, 'CREDENTIAL', key.credential)) return CREDENTIAL_REVOKED;
  if (tenant.blocked.has(key.credential)) return CREDENTIAL_BLOCKED;
  if (!(key.replacedAtMs > nowMs)) return CREDENTIAL_REPLACED;
  return key.limits.expiresAtMs > nowMs ? ALLOW : CREDENTIAL_EXPIRED;
}

/**
 * The credential (`''`: none is known) that a token or session was issued for. A new password raises a
 * watermark, so of passwords only a block and a removal must be looked up here.
 */
export function credentialBehind(
  view: ViewState,
  tenant: Tenant,
  credential: string,
  nowMs: number,
): ReasonCode {
  if (credential === '') return ALLOW;
  const key = tenant.apiKeys.get(credential);
  if (key !== undefined) return keyItself(view, tenant, key, nowMs);
  if (isDeniedEarly(view, tenant, 'CREDENTIAL', credential)) return CREDENTIAL_REVOKED;
  if (tenant.removed.has(credential)) return CREDENTIAL_REVOKED;
  return tenant.blocked.has(credential) ? CREDENTIAL_BLOCKED : ALLOW;
}
