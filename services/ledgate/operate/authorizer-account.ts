import { systemTenant } from '#libs/events/envelope.js';
import { CredentialServiceClient } from '#proto/ledgate/identity/v1/credential.js';
import { GrantServiceClient } from '#proto/ledgate/identity/v1/grant.js';
import { PrincipalServiceClient } from '#proto/ledgate/identity/v1/principal.js';
import { RoleServiceClient } from '#proto/ledgate/identity/v1/role.js';
import { authorizerRole } from '#services/identity/app/bootstrap.js';
import { ask, type Connect } from '../cli/ask.js';

/**
 * Makes the service account by which authorizers ask identity (HTTP Basic, barriers), and a key for
 * it. The account and its grant may be there already; the key is always a new one.
 */
export async function createAuthorizerKey(connectAs: Connect): Promise<string> {
  const tenantId = systemTenant;
  const options = (step: string) => ({ commandId: `authorizer-${step}`, reason: 'ledgate init' });
  const roles = connectAs(RoleServiceClient);
  const principals = connectAs(PrincipalServiceClient);
  const grants = connectAs(GrantServiceClient);
  const credentials = connectAs(CredentialServiceClient);
  try {
    const { role } = await ask(roles, 'getRole', { tenantId, roleId: '', name: authorizerRole });
    const { principalId } = await ask(principals, 'createServiceAccount', {
      options: options('account'),
      tenantId,
      username: 'authorizer',
      profile: { displayName: 'Authorizers', locale: '' },
    });
    await ask(grants, 'grantRole', {
      options: options('grant'),
      tenantId,
      principalId,
      groupId: '',
      roleId: role?.roleId ?? '',
      resourcePrefix: '',
      expiresAtMs: 0n,
      ticket: '',
    });
    const { apiKey } = await ask(credentials, 'createApiKey', {
      options: undefined,
      tenantId,
      principalId,
      name: 'authorizers',
      scopes: [],
      resourcePrefix: '',
      expiresAtMs: 0n,
    });
    return apiKey;
  } finally {
    for (const client of [roles, principals, grants, credentials]) client.close();
  }
}
