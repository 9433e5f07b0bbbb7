import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

import type { Client, ClientStatus } from './client.js';
import type { Tenant } from './tenant.js';
import type { ViewState } from './view-state.js';

type ClientEvent = Extract<
  DomainEvent,
  {
    type:
      | 'ClientRegistered'
      | 'ClientSuspended'
      | 'ClientResumed'
      | 'ClientDeleted'
      | 'ConsentGiven'
      | 'ConsentWithdrawn';
  }
>;

/** Deleted is final; an event about a client that is not there has no effect. */
export function applyClient(state: ViewState, event: ClientEvent, ctx: EventContext): void {
  const tenant = state.ownTenant(ctx.tenant);
  const known = tenant.clients.get(event.client);
  switch (event.type) {
    case 'ClientRegistered': {
      const { client } = event;
      if (known !== undefined) return;
      tenant.clients.set(client, { client, status: 'ACTIVE', statusAt: ctx.position });
      return;
    }
    case 'ClientSuspended':
      return setStatus(known, 'SUSPENDED', ctx.position);
    case 'ClientResumed':
      return setStatus(known, 'ACTIVE', ctx.position);
    case 'ClientDeleted':
      return setStatus(known, 'DELETED', ctx.position);
    case 'ConsentGiven': {
      const before = tenant.withdrawnConsents.get(event.client)?.get(event.principal);
      if (before !== undefined) putConsent(tenant, event, before.at, true);
      return;
    }
    case 'ConsentWithdrawn':
      putConsent(tenant, event, ctx.position, false);
  }
}

function setStatus(client: Client | undefined, status: ClientStatus, position: number): void {
  if (client === undefined || client.status === 'DELETED' || client.status === status) return;
  client.status = status;
  client.statusAt = position;
}

function putConsent(
  tenant: Tenant,
  { client, principal }: { readonly client: string; readonly principal: string },
  at: number,
  givenAgain: boolean,
): void {
  const known = tenant.withdrawnConsents.get(client);
  if (known === undefined) {
    tenant.withdrawnConsents.set(client, new Map([[principal, { at, givenAgain }]]));
  } else known.set(principal, { at, givenAgain });
}
