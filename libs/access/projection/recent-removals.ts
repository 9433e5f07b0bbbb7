import type { Stored } from './stored.js';

const kept = 4096;

/** A grant or membership that is gone: what `explain` names as the nearest missing thing. */
export interface Removal {
  readonly kind: 'GRANT_REVOKED' | 'MEMBERSHIP_REMOVED';
  readonly subjectKind: 'PRINCIPAL' | 'GROUP';
  /** Row of the subject. */
  readonly subject: number;
  /** Role index of a grant, or row of the group that was left. */
  readonly target: number;
  readonly resourcePrefix: string;
  /** Position of the event that removed it. */
  readonly position: number;
}

/** The last 4,096 removals. A help for people: no decision reads it, no state hash holds it. */
export class RecentRemovals implements Stored {
  #ring: Removal[] = [];
  #next = 0;

  add(removal: Removal): void {
    this.#ring[this.#next] = removal;
    this.#next = (this.#next + 1) % kept;
  }

  save() {
    return { ring: this.#ring, next: this.#next };
  }

  load({ ring, next }: ReturnType<RecentRemovals['save']>): void {
    this.#ring = ring;
    this.#next = next;
  }

  /** Removals from a subject, the latest first. */
  of(subjectKind: Removal['subjectKind'], subject: number): Removal[] {
    return this.#ring
      .filter((removal) => removal.subjectKind === subjectKind && removal.subject === subject)
      .sort((a, b) => b.position - a.position);
  }
}
