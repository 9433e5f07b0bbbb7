import { CredentialServiceService } from '#proto/ledgate/identity/v1/credential.js';
import { GrantServiceService } from '#proto/ledgate/identity/v1/grant.js';
import { PrincipalServiceService } from '#proto/ledgate/identity/v1/principal.js';
import { RoleServiceService } from '#proto/ledgate/identity/v1/role.js';
import { TenantServiceService } from '#proto/ledgate/identity/v1/tenant.js';
import { TokenServiceService } from '#proto/ledgate/identity/v1/token.js';
import type { World } from './running-identity.js';

export const adminPassword = 'wandering teapots hum';

export interface TenantSetup {
  readonly tenantId: string;
  readonly adminId: string;
  readonly adminRoleId: string;
  /** Access token of the tenant's administrator. */
  readonly admin: string;
}

/** A tenant with an administrator who has logged in. */
export async function setUpTenant(world: World, slug: string): Promise<TenantSetup> {
  const { tenantId, adminPrincipalId, adminRoleId } = await world.call(
    TenantServiceService.createTenant,
    { slug, displayName: `Tenant ${slug}`, adminUsername: 'admin', adminPassword },
    world.root,
  );
  const admin = await logIn(world, slug, 'admin', adminPassword);
  return { tenantId, adminId: adminPrincipalId, adminRoleId, admin };
}

export async function logIn(
  world: World,
  tenant: string,
  loginName: string,
  password: string,
): Promise<string> {
  const request = { tenant, loginName, password };
  return (await world.call(TokenServiceService.login, request)).accessToken;
}

/** A user of the caller's tenant. */
export async function setUpUser(
  world: World,
  admin: string,
  username: string,
  password = '',
): Promise<string> {
  const request = { username, password };
  return (await world.call(PrincipalServiceService.createUser, request, admin)).principalId;
}

/** An API key of a principal of the caller's tenant. */
export async function setUpApiKey(
  world: World,
  admin: string,
  principalId: string,
  limits: { readonly scopes?: string[]; readonly resourcePrefix?: string } = {},
): Promise<{ readonly credentialId: string; readonly apiKey: string }> {
  const request = { principalId, name: 'key', ...limits };
  return world.call(CredentialServiceService.createApiKey, request, admin);
}

/** A role of the caller's tenant, granted to a principal. */
export async function setUpGrant(
  world: World,
  admin: string,
  principalId: string,
  role: { readonly name: string; readonly permissions: string[]; readonly resourcePrefix?: string },
): Promise<{ readonly roleId: string; readonly grantId: string }> {
  const { name, permissions, resourcePrefix = '' } = role;
  const created = await world.call(RoleServiceService.createRole, { name, permissions }, admin);
  const { roleId } = created;
  const request = { principalId, roleId, resourcePrefix };
  const { grantId } = await world.call(GrantServiceService.grantRole, request, admin);
  return { roleId, grantId };
}
