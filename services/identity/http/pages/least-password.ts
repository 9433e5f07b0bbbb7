import { documentsOf } from '#services/identity/app/accounts.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { DEFAULT_MIN_PASSWORD_LENGTH } from '#services/identity/app/password-policy.js';
import { tenantSettings } from '#services/identity/domain/tenant/state.js';

/** Least length of a new password in this tenant, in code points. */
export function leastPassword({ ledger }: IdentityParts, tenant: string): number {
  const settings = tenantSettings.read(documentsOf(ledger.state), tenant, tenant);
  return settings?.passwordMinLength ?? DEFAULT_MIN_PASSWORD_LENGTH;
}
