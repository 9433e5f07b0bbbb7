import { GrantServiceService as Grants } from '#proto/ledgate/identity/v1/grant.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { Risk, RoleServiceService as Roles } from '#proto/ledgate/identity/v1/role.js';
import {
  setUpApiKey,
  setUpGrant,
  setUpTenant,
  type TenantSetup,
} from '../identity/tenant-setup.js';
import type { Pair } from './running-pair.js';

export const shopActions = ['orders:read', 'orders:write', 'invoices:read'] as const;

/** A tenant whose backend may ask everything about it. */
export interface Shop extends TenantSetup {
  readonly slug: string;
  /** API key of the backend. */
  readonly backend: string;
  /** A role with these permissions. */
  role(name: string, permissions: string[], parentRoleIds?: string[]): Promise<string>;
  grant(principalId: string, roleId: string, resourcePrefix?: string): Promise<string>;
}

export async function setUpShop(pair: Pair, slug: string): Promise<Shop> {
  const tenant = await setUpTenant(pair, slug);
  const { admin } = tenant;
  const account = { username: 'backend' };
  const { principalId } = await pair.call(Principals.createServiceAccount, account, admin);
  const asks = { name: 'backend', permissions: ['ledgate.authorizer:*'] };
  await setUpGrant(pair, admin, principalId, asks);
  const { apiKey: backend } = await setUpApiKey(pair, admin, principalId);
  for (const name of shopActions) {
    const facts = {
      resourceType: '',
      description: '',
      risk: Risk.RISK_NORMAL,
      maxStalenessMs: 0n,
      auditRequired: false,
    };
    await pair.call(Roles.definePermission, { permission: { name, ...facts } }, admin);
  }
  return {
    ...tenant,
    slug,
    backend,
    role: async (name, permissions, parentRoleIds = []) => {
      const request = { name, permissions, parentRoleIds };
      return (await pair.call(Roles.createRole, request, admin)).roleId;
    },
    grant: async (principal, roleId, resourcePrefix = '') => {
      const request = { principalId: principal, roleId, resourcePrefix };
      return (await pair.call(Grants.grantRole, request, admin)).grantId;
    },
  };
}
