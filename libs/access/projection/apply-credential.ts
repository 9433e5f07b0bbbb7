import type { ApiKeyCreated, DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

import type { ApiKey } from './api-key.js';
import { deleted } from './subjects.js';
import type { Tenant } from './tenant.js';
import type { ViewState } from './view-state.js';

type CredentialEvent = Extract<
  DomainEvent,
  {
    type:
      | 'ApiKeyCreated'
      | 'ApiKeyRevoked'
      | 'CredentialBlocked'
      | 'CredentialUnblocked'
      | 'CredentialRemoved';
  }
>;

export function applyCredential(state: ViewState, event: CredentialEvent, ctx: EventContext): void {
  const tenant = state.ownTenant(ctx.tenant);
  switch (event.type) {
    case 'ApiKeyCreated':
      createApiKey(state, tenant, event, ctx.position);
      return;
    case 'ApiKeyRevoked': {
      const key = tenant.apiKeys.get(event.credential);
      if (key !== undefined && key.revokedAt < 0) key.revokedAt = ctx.position;
      return;
    }
    case 'CredentialBlocked':
      tenant.blocked.set(event.credential, ctx.position);
      return;
    case 'CredentialUnblocked':
      tenant.blocked.delete(event.credential);
      return;
    case 'CredentialRemoved':
      if (!tenant.removed.has(event.credential)) tenant.removed.set(event.credential, ctx.position);
  }
}

/** A hash or credential id that was seen before is never taken over by a later event. */
function createApiKey(
  state: ViewState,
  tenant: Tenant,
  event: ApiKeyCreated,
  position: number,
): void {
  const principal = state.principals.find(tenant.index, event.principal);
  if (principal < 0 || state.principals.statusOf(principal) === deleted) return;
  if (state.apiKeys.has(event.sha256) || tenant.apiKeys.has(event.credential)) return;
  const key: ApiKey = {
    credential: event.credential,
    sha256: event.sha256,
    tenant: tenant.index,
    principal,
    authPosition: position,
    limits: {
      scopes: event.scopes,
      resourcePrefix: event.resourcePrefix ?? '',
      expiresAtMs: event.expiresAtMs ?? Number.POSITIVE_INFINITY,
    },
    replacedAtMs: Number.POSITIVE_INFINITY,
    replacedAt: -1,
    revokedAt: -1,
  };
  const replaced = event.replaces === undefined ? undefined : tenant.apiKeys.get(event.replaces);
  if (replaced?.principal === principal) endOverlap(replaced, position, event.overlapUntilMs);
  state.apiKeys.set(key.sha256, key);
  tenant.apiKeys.set(key.credential, key);
}

/** Without an overlap the replaced key is dead at once; of two overlaps the earlier end counts. */
function endOverlap(
  key: ApiKey,
  position: number,
  overlapUntilMs = Number.NEGATIVE_INFINITY,
): void {
  key.replacedAt = position;
  key.replacedAtMs = Math.min(key.replacedAtMs, overlapUntilMs);
  key.limits = {
    ...key.limits,
    expiresAtMs: Math.min(key.limits.expiresAtMs, key.replacedAtMs),
  };
}
