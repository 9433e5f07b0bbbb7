import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentReader, DocumentWriter } from '#libs/decider/documents.js';
import { presentFields } from '#libs/decider/present-fields.js';
import type { DomainEvent, RefreshFamilyFacts } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { codes } from '#services/identity/domain/authorization-code/state.js';

export interface FamilyDocument extends Omit<RefreshFamilyFacts, 'family'> {
  /** When the newest generation began, ms since the Unix epoch, by the clock of the writer. */
  readonly rotatedAtMs: number;
  readonly revoked: boolean;
}

/** Kept after it is revoked, until it would have ended: a token of it must be told apart. */
export const families = new DocumentKind<FamilyDocument>('family');

export type RefreshFamilyEvent = Extract<
  DomainEvent,
  { type: 'RefreshFamilyStarted' | 'RefreshRotated' | 'RefreshFamilyRevoked' }
>;

/** The family, if refresh tokens of it are still good: its session is judged elsewhere. */
export function liveFamily(
  view: DocumentReader,
  tenant: string,
  id: string,
  nowMs: number,
): FamilyDocument | undefined {
  const family = families.read(view, tenant, id);
  if (family === undefined || family.revoked) return undefined;
  return family.idleUntilMs > nowMs && family.expiresAtMs > nowMs ? family : undefined;
}

export function evolveRefreshFamily(
  event: RefreshFamilyEvent,
  to: DocumentWriter,
  { tenant, atMs }: EventContext,
): void {
  const { family } = event;
  switch (event.type) {
    case 'RefreshFamilyStarted': {
      const { type: _, family: __, codeSha256, ...rest } = event;
      families.put(to, tenant, family, begun(rest, atMs));
      if (codeSha256 === undefined) return;
      return codes.change(to, tenant, codeSha256, (it) => ({ ...it, family }));
    }
    case 'RefreshRotated': {
      const { type: _, family: __, ...rest } = event;
      return families.put(to, tenant, family, begun(rest, atMs));
    }
    case 'RefreshFamilyRevoked':
      return families.change(to, tenant, family, (it) => ({ ...it, revoked: true }));
  }
}

function begun(facts: Omit<RefreshFamilyFacts, 'family'>, rotatedAtMs: number): FamilyDocument {
  return Object.assign(presentFields(facts), { rotatedAtMs, revoked: false });
}
