import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentWriter } from '#libs/decider/documents.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

type TokenRevoked = Extract<DomainEvent, { type: 'TokenRevoked' }>;

/** By the `jti` of access tokens that ended before their time. */
export const revokedTokens = new DocumentKind<{ readonly expiresAtMs: number }>('token');

export function evolveTokenRevocation(
  { jti, expiresAtMs }: TokenRevoked,
  to: DocumentWriter,
  { tenant }: EventContext,
): void {
  revokedTokens.put(to, tenant, jti, { expiresAtMs });
}
