import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

/** A grant that was not revoked, and the event that gave it. */
export interface BookedGrant {
  readonly tenant: string;
  readonly grant: string;
  readonly subjectKind: 'PRINCIPAL' | 'GROUP';
  readonly subject: string;
  readonly role: string;
  readonly resourcePrefix: string;
  readonly admin: boolean;
  expiresAtMs: number | undefined;
  readonly position: number;
  readonly givenBy: string;
  readonly givenAtMs: number;
  readonly reason: string;
  /** Last decision of the log that rested on it, ms; `undefined`: none. */
  lastUsedMs: number | undefined;
}

type GrantKey = Pick<BookedGrant, 'subjectKind' | 'subject' | 'role' | 'resourcePrefix'>;

/** Who was given what, by whom and why: kept while the ledger is read, for the grants that live. */
export class GrantBook {
  readonly #grants = new Map<string, BookedGrant>();

  apply(event: DomainEvent, { tenant, actor, position, atMs, reason }: EventContext): void {
    if (event.type === 'RoleGranted') {
      const { type: _type, ticket: _ticket, expiresAtMs, ...rest } = event;
      const given = { givenBy: actor.principal, givenAtMs: atMs, position, reason };
      const grant = { tenant, ...rest, ...given, expiresAtMs, lastUsedMs: undefined };
      this.#grants.set(keyOf(tenant, event), grant);
    }
    if (event.type === 'GrantChanged') {
      const known = this.#grants.get(keyOf(tenant, event));
      if (known !== undefined) known.expiresAtMs = event.expiresAtMs;
    }
    if (event.type === 'GrantRevoked') this.#grants.delete(keyOf(tenant, event));
  }

  used(tenant: string, key: GrantKey, atMs: number): void {
    const grant = this.#grants.get(keyOf(tenant, key));
    if (grant !== undefined) grant.lastUsedMs = Math.max(grant.lastUsedMs ?? 0, atMs);
  }

  all(): readonly BookedGrant[] {
    return [...this.#grants.values()];
  }
}

function keyOf(tenant: string, { subjectKind, subject, role, resourcePrefix }: GrantKey): string {
  return JSON.stringify([tenant, subjectKind, subject, role, resourcePrefix]);
}
