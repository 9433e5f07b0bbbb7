import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

import type { ViewState } from './view-state.js';

type ScopeEvent = Extract<DomainEvent, { type: 'ScopeDefined' | 'ScopeChanged' | 'ScopeRetired' }>;

/** A retired scope allows nothing until it is defined again. */
export function applyScope(state: ViewState, event: ScopeEvent, ctx: EventContext): void {
  const tenant = state.ownTenant(ctx.tenant);
  const { scope } = event;
  const known = tenant.scopes.get(scope);
  const { position } = ctx;
  const live = known !== undefined && !known.retired;
  if (event.type === 'ScopeRetired') {
    if (!live) return;
    tenant.scopes.set(scope, { ...known, permissions: [], retired: true, position });
  } else {
    if (live !== (event.type === 'ScopeChanged')) return;
    const { permissions, consentRequired } = event;
    tenant.scopes.set(scope, { permissions, consentRequired, retired: false, position });
  }
  tenant.scopeGeneration += 1;
}
