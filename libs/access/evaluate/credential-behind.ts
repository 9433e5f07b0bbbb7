import type { ApiKey } from '../projection/api-key.js';
import type { Tenant } from '../projection/tenant.js';
import {
  ALLOW,
  CREDENTIAL_BLOCKED,
  CREDENTIAL_EXPIRED,
  CREDENTIAL_REPLACED,
  CREDENTIAL_REVOKED,
  type ReasonCode,
} from '../reason-code.js';

/** An API key alone, without its principal. */
export function keyItself(tenant: Tenant, key: ApiKey, nowMs: number): ReasonCode {
  if (key.revokedAt >= 0) return CREDENTIAL_REVOKED;
  if (tenant.blocked.has(key.credential)) return CREDENTIAL_BLOCKED;
  if (!(key.replacedAtMs > nowMs)) return CREDENTIAL_REPLACED;
  return key.limits.expiresAtMs > nowMs ? ALLOW : CREDENTIAL_EXPIRED;
}

/**
 * The credential (`''`: none is known) that a token or session was issued for. A new password raises a
 * watermark, so of passwords only a block and a removal must be looked up here.
 */
export function credentialBehind(tenant: Tenant, credential: string, nowMs: number): ReasonCode {
  if (credential === '') return ALLOW;
  const key = tenant.apiKeys.get(credential);
  if (key !== undefined) return keyItself(tenant, key, nowMs);
  if (tenant.removed.has(credential)) return CREDENTIAL_REVOKED;
  return tenant.blocked.has(credential) ? CREDENTIAL_BLOCKED : ALLOW;
}
