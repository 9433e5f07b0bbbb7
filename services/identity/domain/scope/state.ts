import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentReader, DocumentWriter } from '#libs/decider/documents.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

export interface ScopeDocument {
  readonly description: string;
  readonly permissions: readonly string[];
  readonly consentRequired: boolean;
  readonly status: 'DEFINED' | 'RETIRED';
}

/** Under its name. A retired scope allows nothing; it may be defined again. */
export const scopes = new DocumentKind<ScopeDocument>('scope');

export function isDefinedScope(view: DocumentReader, tenant: string, scope: string): boolean {
  return scopes.read(view, tenant, scope)?.status === 'DEFINED';
}

export type ScopeEvent = Extract<
  DomainEvent,
  { type: 'ScopeDefined' | 'ScopeChanged' | 'ScopeRetired' }
>;

export function evolveScope(event: ScopeEvent, to: DocumentWriter, { tenant }: EventContext): void {
  const { scope } = event;
  switch (event.type) {
    case 'ScopeDefined':
    case 'ScopeChanged': {
      const { description, permissions, consentRequired } = event;
      const document = { description, permissions, consentRequired, status: 'DEFINED' } as const;
      return scopes.put(to, tenant, scope, document);
    }
    case 'ScopeRetired':
      return scopes.change(to, tenant, scope, (it) => ({ ...it, status: 'RETIRED' }));
  }
}
