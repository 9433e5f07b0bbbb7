import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentWriter } from '#libs/decider/documents.js';
import { presentFields } from '#libs/decider/present-fields.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

type SessionLinked = Extract<DomainEvent, { type: 'SessionLinked' }>;

export type ArtifactDocument = Omit<SessionLinked, 'type' | 'id'>;

/** What the OAuth engine keeps beside sessions, by its own id. */
export const artifacts = new DocumentKind<ArtifactDocument>('artifact');

export function evolveArtifact(
  event: SessionLinked,
  to: DocumentWriter,
  { tenant }: EventContext,
): void {
  const { type: _, id, ...rest } = event;
  artifacts.put(to, tenant, id, presentFields(rest));
}
