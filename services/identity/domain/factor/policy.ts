import type { DocumentReader } from '#libs/decider/documents.js';
import type { FactorKind, FactorPolicy } from '#libs/events/catalogue.js';
import { admins, isAdmin } from '#services/identity/domain/admins.js';
import { tenantSettings } from '#services/identity/domain/tenant/state.js';

/**
 * What a tenant takes that says nothing: codes by text message or mail can be redirected by others
 * (SP 800-63B-4, 3.1.3), so a tenant has to want them.
 */
const usualKinds: readonly FactorKind[] = ['TOTP', 'PASSKEY', 'RECOVERY_CODE'];

const noPolicy: FactorPolicy = { allowed: [], requiredFor: 'NOBODY', rememberDevicesDays: 0 };

export function factorPolicy(view: DocumentReader, tenant: string): FactorPolicy {
  const policy = tenantSettings.read(view, tenant, tenant)?.factors ?? noPolicy;
  return policy.allowed.length === 0 ? { ...policy, allowed: usualKinds } : policy;
}

/** Whether the tenant wants a second factor of this principal. */
export function demandsFactor(view: DocumentReader, tenant: string, principal: string): boolean {
  switch (factorPolicy(view, tenant).requiredFor) {
    case 'NOBODY':
      return false;
    case 'ADMINS':
      return isAdmin(admins.read(view, tenant, tenant), principal);
    case 'EVERYBODY':
      return true;
  }
}
