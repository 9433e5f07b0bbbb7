import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

export interface BookedPassword {
  readonly tenant: string;
  readonly principal: string;
  readonly setAtMs: number;
}

/** When credentials and signing keys came to be: kept while the ledger is read. */
export class CredentialBook {
  readonly #passwords = new Map<string, BookedPassword>();
  /** Times of the events that made keys, by position. */
  readonly #times = new Map<number, number>();

  apply(event: DomainEvent, { tenant, position, atMs }: EventContext): void {
    if (event.type === 'PasswordSet') {
      const { principal } = event;
      this.#passwords.set(`${tenant} ${principal}`, { tenant, principal, setAtMs: atMs });
    }
    if (event.type === 'PasswordRemoved' || event.type === 'PrincipalDeleted') {
      this.#passwords.delete(`${tenant} ${event.principal}`);
    }
    if (event.type === 'ApiKeyCreated' || event.type === 'SigningKeyPublished') {
      this.#times.set(position, atMs);
    }
  }

  passwords(): readonly BookedPassword[] {
    return [...this.#passwords.values()];
  }

  /** Time of a key's event, ms since the Unix epoch. */
  madeAtMs(position: number): number {
    return this.#times.get(position) ?? 0;
  }
}
