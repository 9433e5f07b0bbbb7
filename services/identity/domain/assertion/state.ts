import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentWriter } from '#libs/decider/documents.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

type AssertionUsed = Extract<DomainEvent, { type: 'AssertionUsed' }>;

/** By client and SHA-256 of the `jti`: an assertion that was used. */
export const usedAssertions = new DocumentKind<{ readonly expiresAtMs: number }>('jti');

export function assertionId(client: string, jtiSha256: string): string {
  return `${client},${jtiSha256}`;
}

export function evolveAssertion(
  { client, jtiSha256, expiresAtMs }: AssertionUsed,
  to: DocumentWriter,
  { tenant }: EventContext,
): void {
  usedAssertions.put(to, tenant, assertionId(client, jtiSha256), { expiresAtMs });
}
