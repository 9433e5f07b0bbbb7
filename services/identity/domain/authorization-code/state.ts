import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentWriter } from '#libs/decider/documents.js';
import { presentFields } from '#libs/decider/present-fields.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

type AuthorizationCodeIssued = Extract<DomainEvent, { type: 'AuthorizationCodeIssued' }>;

export interface CodeDocument extends Omit<AuthorizationCodeIssued, 'type' | 'codeSha256'> {
  /** The family that it was used up for. */
  readonly family?: string;
}

/** By the SHA-256 of the code. */
export const codes = new DocumentKind<CodeDocument>('code');

export type AuthorizationCodeEvent = Extract<
  DomainEvent,
  { type: 'AuthorizationCodeIssued' | 'AuthorizationCodeReplayed' }
>;

export function evolveAuthorizationCode(
  event: AuthorizationCodeEvent,
  to: DocumentWriter,
  { tenant }: EventContext,
): void {
  if (event.type === 'AuthorizationCodeReplayed') return;
  const { type: _, codeSha256, ...rest } = event;
  codes.put(to, tenant, codeSha256, presentFields(rest));
}
