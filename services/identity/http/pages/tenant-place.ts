import { documentsOf } from '#services/identity/app/accounts.js';
import { requireFresh, type IdentityParts } from '#services/identity/app/identity-parts.js';
import { slugs, tenants } from '#services/identity/domain/tenant/state.js';

/** A tenant as pages name it. */
export interface TenantPlace {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  /** Path of its pages. */
  readonly path: string;
}

/** By slug; `undefined`: there is none that is active. Rejects when the state is too old to say. */
export function tenantBySlug(parts: IdentityParts, slug: string): TenantPlace | undefined {
  const found = slugs.read(documentsOf(parts.ledger.state), '', slug);
  return found && tenantById(parts, found.tenant);
}

export function tenantById(parts: IdentityParts, id: string): TenantPlace | undefined {
  requireFresh(parts, id);
  const tenant = tenants.read(documentsOf(parts.ledger.state), id, id);
  if (tenant?.status !== 'ACTIVE') return undefined;
  const { slug, displayName } = tenant;
  return { id, slug, name: displayName === '' ? slug : displayName, path: `/t/${slug}` };
}
