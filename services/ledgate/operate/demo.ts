import { randomBytes } from 'node:crypto';
import { Risk, RoleServiceClient } from '#proto/ledgate/identity/v1/role.js';
import { CredentialServiceClient } from '#proto/ledgate/identity/v1/credential.js';
import { GrantServiceClient } from '#proto/ledgate/identity/v1/grant.js';
import { PrincipalServiceClient } from '#proto/ledgate/identity/v1/principal.js';
import { TenantServiceClient } from '#proto/ledgate/identity/v1/tenant.js';
import { ask, type Connect } from '../cli/ask.js';

/** What the demo tenant holds; the secrets are shown once. */
export interface Demo {
  readonly tenantId: string;
  /** API key of the tenant's administrator. */
  readonly adminKey: string;
  /** API key with which a backend asks the authorizer. */
  readonly backendKey: string;
  readonly alicePassword: string;
  /** API key of alice, who may read orders under projects/acme. */
  readonly aliceKey: string;
}

export const demoSlug = 'demo';

/** A small tenant to try things on: an administrator, a backend, and alice, a clerk of projects/acme. */
export async function createDemo(connectAs: Connect): Promise<Demo> {
  const clients = new DemoClients(connectAs);
  try {
    return await clients.create();
  } finally {
    clients.close();
  }
}

class DemoClients {
  readonly #tenants: TenantServiceClient;
  readonly #principals: PrincipalServiceClient;
  readonly #credentials: CredentialServiceClient;
  readonly #roles: RoleServiceClient;
  readonly #grants: GrantServiceClient;
  #tenantId = '';
  #step = 0;

  constructor(connectAs: Connect) {
    this.#tenants = connectAs(TenantServiceClient);
    this.#principals = connectAs(PrincipalServiceClient);
    this.#credentials = connectAs(CredentialServiceClient);
    this.#roles = connectAs(RoleServiceClient);
    this.#grants = connectAs(GrantServiceClient);
  }

  async create(): Promise<Demo> {
    const { tenantId, adminPrincipalId } = await ask(this.#tenants, 'createTenant', {
      options: this.#options(),
      slug: demoSlug,
      displayName: 'Demo',
      settings: undefined,
      adminUsername: 'admin',
      adminPassword: randomBytes(15).toString('base64url'),
    });
    this.#tenantId = tenantId;
    await this.#permission('orders:read', Risk.RISK_NORMAL, 'Read orders');
    await this.#permission('orders:refund', Risk.RISK_SENSITIVE, 'Pay an order back');
    const clerk = await this.#role('clerk', ['orders:read']);
    const backend = await this.#role('backend', ['ledgate.authorizer:*']);
    const shop = await ask(this.#principals, 'createServiceAccount', {
      ...this.#about(),
      username: 'shop',
      profile: { displayName: 'The shop’s backend', locale: '' },
    });
    const alicePassword = randomBytes(15).toString('base64url');
    const alice = await ask(this.#principals, 'createUser', {
      ...this.#about(),
      username: 'alice',
      email: '',
      profile: { displayName: 'Alice', locale: 'en' },
      password: alicePassword,
      mustChangePassword: false,
    });
    await this.#grant(shop.principalId, backend, '');
    await this.#grant(alice.principalId, clerk, 'projects/acme');
    return {
      tenantId,
      adminKey: await this.#key(adminPrincipalId, 'command line'),
      backendKey: await this.#key(shop.principalId, 'shop'),
      alicePassword,
      aliceKey: await this.#key(alice.principalId, 'demo'),
    };
  }

  close(): void {
    for (const client of [this.#tenants, this.#principals, this.#credentials]) client.close();
    for (const client of [this.#roles, this.#grants]) client.close();
  }

  #options() {
    return { commandId: `demo-${this.#step++}`, reason: 'demo tenant' };
  }

  #about() {
    return { options: this.#options(), tenantId: this.#tenantId };
  }

  async #permission(name: string, risk: Risk, description: string): Promise<void> {
    const permission = {
      name,
      risk,
      description,
      resourceType: 'order',
      maxStalenessMs: 0n,
      auditRequired: false,
    };
    await ask(this.#roles, 'definePermission', { ...this.#about(), permission });
  }

  async #role(name: string, permissions: string[]): Promise<string> {
    const request = { ...this.#about(), name, permissions, parentRoleIds: [], admin: false };
    return (await ask(this.#roles, 'createRole', request)).roleId;
  }

  async #grant(principalId: string, roleId: string, resourcePrefix: string): Promise<void> {
    const tuple = { principalId, groupId: '', roleId, resourcePrefix };
    const request = { ...this.#about(), ...tuple, expiresAtMs: 0n, ticket: '' };
    await ask(this.#grants, 'grantRole', request);
  }

  /** Without a command id: a repeated start needs a key that it can show. */
  async #key(principalId: string, name: string): Promise<string> {
    const limits = { scopes: [], resourcePrefix: '', expiresAtMs: 0n };
    const about = { options: undefined, tenantId: this.#tenantId, principalId, name };
    return (await ask(this.#credentials, 'createApiKey', { ...about, ...limits })).apiKey;
  }
}
