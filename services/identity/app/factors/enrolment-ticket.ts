import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import type { FactorOwner } from '#services/identity/app/factors/factor-owner.js';
import { ticketRefused } from '#services/identity/app/login/login-ticket.js';
import type { OpenedTicket } from '#services/identity/ports/ticket-box.js';

/** How long an enrolment may take, ms. */
const enrolmentMs = 900_000;

interface EnrolmentTicket<T> {
  readonly kind: string;
  readonly tenant: string;
  readonly principal: string;
  readonly boundTo: string;
  readonly rest: T;
}

/** Between the two steps of an enrolment nothing is stored: its owner carries it, sealed. */
export function sealEnrolment(
  parts: IdentityParts,
  { tenant, principal, boundTo }: FactorOwner,
  kind: string,
  rest: object,
): string {
  const content: EnrolmentTicket<object> = { kind, tenant, principal, boundTo, rest };
  const expiresAtMs = Math.trunc(parts.clock.wallMs()) + enrolmentMs;
  return parts.proofs.tickets.seal('enrolment', content, expiresAtMs);
}

/** Throws WRONG_STATE for a ticket of another kind, account, session or time. */
export function openEnrolment<T>(
  parts: IdentityParts,
  owner: FactorOwner,
  kind: string,
  text: string,
): Pick<OpenedTicket, 'id'> & { readonly rest: T } {
  const opened = parts.proofs.tickets.open('enrolment', text, parts.clock.wallMs());
  if (opened === undefined) throw ticketRefused();
  const content = opened.content as EnrolmentTicket<T>;
  const same =
    content.kind === kind &&
    content.tenant === owner.tenant &&
    content.principal === owner.principal &&
    content.boundTo === owner.boundTo;
  if (!same) throw ticketRefused();
  return { id: opened.id, rest: content.rest };
}
