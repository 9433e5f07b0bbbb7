import { AccessView } from '#libs/access/projection/access-view.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { keyHash } from '#libs/events/keys.js';

/** An event of a tenant, as a test writes it; events get the positions 0, 1, 2 … */
export type Given = DomainEvent | readonly [tenant: string, event: DomainEvent];

export function given(...events: readonly Given[]): AccessView {
  const view = new AccessView(keyHash);
  andThen(view, ...events);
  return view;
}

/** Applies more events; each takes the next position. */
export function andThen(view: AccessView, ...events: readonly Given[]): void {
  for (const each of events) {
    const [tenant, event] = 'type' in each ? (['t', each] as const) : each;
    view.apply(event, {
      tenant,
      actor: { tenant, principal: 'admin' },
      position: view.position + 1,
      atMs: 0,
      reason: '',
    });
  }
}

export const tenant: DomainEvent = {
  type: 'TenantCreated',
  slug: 't',
  displayName: 'T',
  settings: undefined,
  blindIndexKey: { id: 'v', sha256: 'h' },
};

export const principal = (id: string): DomainEvent => ({
  type: 'PrincipalRegistered',
  principal: id,
  kind: 'USER',
  profile: { id: 'v', sha256: 'h' },
  loginNames: [],
  origin: 'ADMIN',
});

export const permission = (name: string): DomainEvent => ({
  type: 'PermissionDefined',
  permission: name,
  resourceType: '',
  description: '',
  risk: 'NORMAL',
});

export const role = (
  id: string,
  permissions: readonly string[],
  parents: readonly string[] = [],
): DomainEvent => ({ type: 'RoleCreated', role: id, name: id, permissions, parents, admin: false });

export const group = (id: string): DomainEvent => ({ type: 'GroupCreated', group: id, name: id });

export const member = (groupId: string, id: string): DomainEvent => ({
  type: 'GroupMemberAdded',
  group: groupId,
  principal: id,
});

export const grant = (
  subject: string,
  roleId: string,
  resourcePrefix = '',
  expiresAtMs?: number,
): DomainEvent => ({
  type: 'RoleGranted',
  grant: `${subject}-${roleId}-${resourcePrefix}`,
  subjectKind: 'PRINCIPAL',
  subject,
  role: roleId,
  resourcePrefix,
  expiresAtMs,
  admin: false,
});

export const groupGrant = (subject: string, roleId: string, resourcePrefix = ''): DomainEvent => ({
  ...(grant(subject, roleId, resourcePrefix) as Extract<DomainEvent, { type: 'RoleGranted' }>),
  subjectKind: 'GROUP',
});

export const revoke = (subject: string, roleId: string, resourcePrefix = ''): DomainEvent => ({
  type: 'GrantRevoked',
  grant: `${subject}-${roleId}-${resourcePrefix}`,
  subjectKind: 'PRINCIPAL',
  subject,
  role: roleId,
  resourcePrefix,
  cause: 'ADMIN',
  admin: false,
});

/** An API key whose hash is `hash-<id>`. */
export const apiKey = (id: string, owner: string): DomainEvent => ({
  type: 'ApiKeyCreated',
  principal: owner,
  credential: id,
  prefix: '',
  sha256: `hash-${id}`,
  name: '',
  scopes: [],
});

/** A public client with a service account. */
export const client = (id: string, account: string): DomainEvent => ({
  type: 'ClientRegistered',
  client: id,
  principal: account,
  kind: 'WEB',
  settings: {
    name: 'Shop',
    redirectUris: [],
    postLogoutRedirectUris: [],
    grantTypes: [],
    scopes: [],
    authMethod: 'none',
    pkceRequired: true,
    dpopRequired: false,
    parRequired: false,
    audiences: [],
    firstParty: false,
  },
});

/** A signing key that is in use. */
export const signingKey = (kid: string): DomainEvent[] => [
  {
    type: 'SigningKeyPublished',
    kid,
    issuer: 'i',
    algorithm: 'EdDSA',
    publicJwk: '{}',
    privateKey: { id: 'v', sha256: 'h' },
    activateNotBeforeMs: 0,
  },
  { type: 'SigningKeyActivated', kid, issuer: 'i' },
];
