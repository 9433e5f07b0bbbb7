import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentReader, DocumentWriter } from '#libs/decider/documents.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

export interface ConsentDocument {
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly givenAtMs: number;
  readonly expiresAtMs?: number;
}

/** Under principal and client. Gone when it is withdrawn: the access view keeps the position. */
export const consents = new DocumentKind<ConsentDocument>('consent');
/** Clients that the principal has given its consent to. */
export const consentsOf = new DocumentKind<{ readonly clients: readonly string[] }>('consents-of');

export const mostConsents = 200;

/** Ids hold no comma. */
export function consentId(principal: string, client: string): string {
  return `${principal},${client}`;
}

/** The consent that is in force. */
export function consentNow(
  view: DocumentReader,
  tenant: string,
  { principal, client }: { readonly principal: string; readonly client: string },
  nowMs: number,
): ConsentDocument | undefined {
  const consent = consents.read(view, tenant, consentId(principal, client));
  return consent !== undefined && (consent.expiresAtMs ?? Infinity) > nowMs ? consent : undefined;
}

type ConsentEvent = Extract<DomainEvent, { type: 'ConsentGiven' | 'ConsentWithdrawn' }>;

export function evolveConsent(
  event: ConsentEvent,
  to: DocumentWriter,
  { tenant, atMs }: EventContext,
): void {
  const { principal, client } = event;
  const id = consentId(principal, client);
  const held = consentsOf.read(to, tenant, principal)?.clients ?? [];
  const others = held.filter((one) => one !== client);
  if (event.type === 'ConsentWithdrawn') {
    consents.remove(to, tenant, id);
    return consentsOf.put(to, tenant, principal, { clients: others });
  }
  const { scopes, audience, expiresAtMs } = event;
  const until = expiresAtMs === undefined ? {} : { expiresAtMs };
  consents.put(to, tenant, id, { scopes, audience, givenAtMs: atMs, ...until });
  consentsOf.put(to, tenant, principal, { clients: [...others, client] });
}
