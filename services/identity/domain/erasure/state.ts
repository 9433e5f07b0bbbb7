import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentWriter } from '#libs/decider/documents.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { loginNamesOf } from '#services/identity/domain/login-name/state.js';
import { passwords } from '#services/identity/domain/password/state.js';
import { profiles } from '#services/identity/domain/principal/state.js';

/** A principal whose blobs are gone, or are going: no instance needs more to finish the work. */
export interface ErasureDocument {
  readonly vaultIds: readonly string[];
  /** When the record was appended, ms since the Unix epoch. */
  readonly atMs: number;
  /** Ledger position of the record. */
  readonly position: number;
}

export const erasures = new DocumentKind<ErasureDocument>('erasure');

/** What pointed into the vault goes; the principal's own document stays, as that of who is deleted. */
export function evolveErasure(
  event: Extract<DomainEvent, { type: 'SubjectErased' }>,
  to: DocumentWriter,
  { tenant, position, atMs }: EventContext,
): void {
  const { principal, vaultIds } = event;
  profiles.remove(to, tenant, principal);
  loginNamesOf.remove(to, tenant, principal);
  passwords.remove(to, tenant, principal);
  erasures.put(to, tenant, principal, { vaultIds, atMs, position });
}
