import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

import { dropAll } from './holdings.js';
import { active, deleted, suspended } from './subjects.js';
import type { ViewState } from './view-state.js';

type PrincipalEvent = Extract<
  DomainEvent,
  {
    type:
      | 'PrincipalRegistered'
      | 'PrincipalSuspended'
      | 'PrincipalResumed'
      | 'SessionsInvalidated'
      | 'PrincipalDeleted'
      | 'PasswordSet'
      | 'PasswordRemoved';
  }
>;

/** Events about a principal that is not (or no longer) there have no effect. */
export function applyPrincipal(state: ViewState, event: PrincipalEvent, ctx: EventContext): void {
  const tenant = state.ownTenant(ctx.tenant);
  const { principals } = state;
  const row = principals.find(tenant.index, event.principal);
  if (event.type === 'PrincipalRegistered') {
    if (row < 0) principals.add(tenant.index, event.principal, active, event.kind === 'SERVICE');
    return;
  }
  if (row < 0 || principals.statusOf(row) === deleted) return;
  switch (event.type) {
    case 'PrincipalSuspended':
      principals.setStatus(row, suspended);
      state.statusAt.set(row, ctx.position);
      if (event.untilMs === undefined) state.suspendedUntil.delete(row);
      else state.suspendedUntil.set(row, event.untilMs);
      return;
    case 'PrincipalResumed':
      principals.setStatus(row, active);
      state.statusAt.delete(row);
      state.suspendedUntil.delete(row);
      return;
    case 'SessionsInvalidated':
      principals.raiseWatermark(row, ctx.position);
      return;
    case 'PasswordSet':
      principals.setPassword(row, event.version);
      tenant.removed.delete(event.credential);
      principals.raiseWatermark(row, ctx.position);
      return;
    case 'PasswordRemoved':
      principals.setPassword(row, 0);
      tenant.removed.set(event.credential, ctx.position);
      return;
    case 'PrincipalDeleted':
      principals.setStatus(row, deleted);
      state.statusAt.set(row, ctx.position);
      principals.setPassword(row, 0);
      state.suspendedUntil.delete(row);
      dropAll(state, principals, row);
  }
}
