import type { ApiKey } from '../projection/api-key.js';
import type { Tenant } from '../projection/tenant.js';
import type { ViewState } from '../projection/view-state.js';
import {
  CLIENT_DELETED,
  CLIENT_SUSPENDED,
  CONSENT_WITHDRAWN,
  CREDENTIAL_BLOCKED,
  CREDENTIAL_EXPIRED,
  CREDENTIAL_REPLACED,
  CREDENTIAL_REVOKED,
  PRINCIPAL_DELETED,
  PRINCIPAL_SUSPENDED,
  type ReasonCode,
  RESOURCE_OUT_OF_KEY_SCOPE,
  SCOPE_INSUFFICIENT,
  SIGNING_KEY_COMPROMISED,
  SIGNING_KEY_NOT_ACTIVE,
  SIGNING_KEY_REMOVED,
  SIGNING_KEY_RETIRED,
  TENANT_DELETED,
  TENANT_SUSPENDED,
  UNKNOWN_PERMISSION,
  WATERMARK,
} from '../reason-code.js';
import type { TokenFacts } from './token-facts.js';

/** Positions of the events behind a refusal of the subject or the question itself, ascending. */
export function subjectEvidence(
  view: ViewState,
  code: ReasonCode,
  tenant: Tenant | undefined,
  row: number,
  action: string,
): number[] {
  switch (code) {
    case TENANT_SUSPENDED:
    case TENANT_DELETED:
      return known(tenant?.statusAt);
    case PRINCIPAL_SUSPENDED:
    case PRINCIPAL_DELETED:
      return known(view.statusAt.get(row));
    case UNKNOWN_PERMISSION:
      return known(tenant?.permissions.get(action)?.position);
    default:
      return [];
  }
}

/** The same for an API key. */
export function apiKeyEvidence(view: ViewState, code: ReasonCode, key: ApiKey): number[] {
  const tenant = view.tenants[key.tenant] as Tenant;
  switch (code) {
    case CREDENTIAL_REVOKED:
      return known(key.revokedAt);
    case CREDENTIAL_BLOCKED:
      return known(tenant.blocked.get(key.credential));
    case CREDENTIAL_REPLACED:
      return known(key.replacedAt);
    case CREDENTIAL_EXPIRED:
    case SCOPE_INSUFFICIENT:
    case RESOURCE_OUT_OF_KEY_SCOPE:
      return known(key.authPosition);
    case WATERMARK:
      return known(
        ...[view.issuedNotBefore.get(key.principal), tenant.watermark, view.watermark].filter(
          (watermark) => (watermark ?? -1) > key.authPosition,
        ),
      );
    default:
      return subjectEvidence(view, code, tenant, key.principal, '');
  }
}

/** The same for a token. */
export function tokenEvidence(
  view: ViewState,
  code: ReasonCode,
  token: Pick<
    TokenFacts,
    'tenant' | 'principal' | 'client' | 'kid' | 'credential' | 'authPosition'
  >,
): number[] {
  const tenant = view.findTenant(token.tenant);
  const row = view.principalRow(token.tenant, token.principal);
  switch (code) {
    case SIGNING_KEY_NOT_ACTIVE:
    case SIGNING_KEY_RETIRED:
    case SIGNING_KEY_REMOVED:
    case SIGNING_KEY_COMPROMISED:
      return known(view.signingKeys.get(token.kid)?.statusAt);
    case WATERMARK: {
      const watermarks = [
        row < 0 ? -1 : view.principals.watermarkOf(row),
        token.client === '' ? -1 : tenant?.clientWatermarks.get(token.client),
        tenant?.watermark,
        view.watermark,
      ];
      return known(...watermarks.filter((each) => !(token.authPosition >= (each ?? -1))));
    }
    case CREDENTIAL_REVOKED:
    case CREDENTIAL_BLOCKED:
    case CREDENTIAL_REPLACED: {
      const key = tenant?.apiKeys.get(token.credential);
      if (key !== undefined) return apiKeyEvidence(view, code, key);
      const at = code === CREDENTIAL_REVOKED ? tenant?.removed : tenant?.blocked;
      return known(at?.get(token.credential));
    }
    case CLIENT_SUSPENDED:
    case CLIENT_DELETED:
      return known(tenant?.clients.get(token.client)?.statusAt);
    case CONSENT_WITHDRAWN:
      return known(tenant?.withdrawnConsents.get(token.client)?.get(token.principal)?.at);
    default:
      return subjectEvidence(view, code, tenant, row, '');
  }
}

function known(...positions: readonly (number | undefined)[]): number[] {
  const found = positions.filter((position) => position !== undefined && position >= 0);
  return [...new Set(found as number[])].sort((a, b) => a - b);
}
