import type { Tenant } from '../projection/tenant.js';
import type { ViewState } from '../projection/view-state.js';
import {
  ALLOW,
  CLIENT_DELETED,
  CLIENT_SUSPENDED,
  CLIENT_UNKNOWN,
  CONSENT_WITHDRAWN,
  type ReasonCode,
} from '../reason-code.js';
import { isDeniedEarly } from './subject-status.js';

/**
 * Whether what a client (`''`: none) was issued for a principal, on position `issuedAt` of L, is good:
 * ALLOW while the client is, and the principal has not withdrawn its consent since. A consent that was
 * given again does not bring back what was issued before.
 */
export function clientStatus(
  view: ViewState,
  tenant: Tenant,
  client: string,
  principal: string,
  issuedAt: number,
): ReasonCode {
  if (client === '') return ALLOW;
  if (isDeniedEarly(view, tenant, 'CLIENT', client)) return CLIENT_SUSPENDED;
  switch (tenant.clients.get(client)?.status) {
    case undefined:
      return CLIENT_UNKNOWN;
    case 'SUSPENDED':
      return CLIENT_SUSPENDED;
    case 'DELETED':
      return CLIENT_DELETED;
    case 'ACTIVE': {
      const withdrawn = tenant.withdrawnConsents.get(client)?.get(principal);
      if (withdrawn === undefined) return ALLOW;
      return withdrawn.givenAgain && issuedAt >= withdrawn.at ? ALLOW : CONSENT_WITHDRAWN;
    }
  }
}

/** Whether a record about the client, or about the consent, could not be read. */
export function touchesClient(
  { quarantined }: ViewState,
  tenant: string,
  client: string,
  principal: string,
): boolean {
  return (
    client !== '' &&
    (quarantined.holds('', 'client', client) ||
      quarantined.holds(tenant, 'consent', `${principal},${client}`) ||
      quarantined.holds(tenant, 'watermark', `CLIENT,${client}`))
  );
}
