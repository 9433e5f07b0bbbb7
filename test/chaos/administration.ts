import { AuthorizerServiceService as authorizing } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { CredentialServiceService as credentials } from '#proto/ledgate/identity/v1/credential.js';
import { LedgerServiceService as ledger } from '#proto/ledgate/identity/v1/ledger.js';
import { RoleServiceService as roles, Risk } from '#proto/ledgate/identity/v1/role.js';
import { TenantServiceService as tenants } from '#proto/ledgate/identity/v1/tenant.js';
import { TokenServiceService as tokens } from '#proto/ledgate/identity/v1/token.js';
import type { Endpoint } from './endpoint.js';
import { tenant as slug } from './holding.js';

const password = 'wandering teapots hum';

/** A tenant for the load, with two permissions; resolves with an API key of its administrator. */
export async function foundTenant(identity: Endpoint, root: string): Promise<string> {
  const { adminPrincipalId: principalId } = await identity.insist(
    tenants.createTenant,
    { slug, displayName: 'Chaos', adminUsername: 'admin', adminPassword: password },
    root,
  );
  const login = { tenant: slug, loginName: 'admin', password };
  const { accessToken } = await identity.insist(tokens.login, login, '');
  const key = { principalId, name: 'load' };
  const { apiKey } = await identity.insist(credentials.createApiKey, key, accessToken);
  for (const [name, risk] of [
    ['orders:read', Risk.RISK_NORMAL],
    ['orders:refund', Risk.RISK_SENSITIVE],
  ] as const) {
    const rest = {
      resourceType: 'order',
      description: '',
      maxStalenessMs: 0n,
      auditRequired: false,
    };
    const permission = { name, risk, ...rest };
    await identity.insist(roles.definePermission, { permission }, apiKey);
  }
  return apiKey;
}

/** What a service says of its state. */
export interface Standing {
  readonly position: number;
  readonly chain: string;
  readonly stateHash: string;
  readonly accepted: number;
  readonly void: number;
}

export async function standingOfIdentity(identity: Endpoint, root: string): Promise<Standing> {
  const status = await identity.insist(ledger.getStatus, { stateHash: true }, root);
  const { position, chain, stateHash, acceptedRecords, voidRecords } = status;
  return {
    position: Number(position),
    chain,
    stateHash,
    accepted: Number(acceptedRecords),
    void: Number(voidRecords),
  };
}

export async function standingOfAuthorizer(authorizer: Endpoint, root: string): Promise<Standing> {
  const status = await authorizer.insist(authorizing.getStatus, { stateHash: true }, root);
  const { answered, chain, stateHash, acceptedRecords, voidRecords } = status;
  return {
    position: Number(answered?.position ?? -1n),
    chain,
    stateHash,
    accepted: Number(acceptedRecords),
    void: Number(voidRecords),
  };
}
