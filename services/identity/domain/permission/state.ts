import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentReader, DocumentWriter } from '#libs/decider/documents.js';
import type { DomainEvent, Risk } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

export interface PermissionDocument {
  readonly resourceType: string;
  readonly description: string;
  readonly risk: Risk;
  readonly maxStalenessMs?: number;
  readonly auditRequired?: true;
  readonly status: 'DEFINED' | 'RETIRED';
}

/** Under its name. A retired permission permits nothing; it may be defined again. */
export const permissions = new DocumentKind<PermissionDocument>('permission');

export function isDefined(view: DocumentReader, tenant: string, permission: string): boolean {
  return permissions.read(view, tenant, permission)?.status === 'DEFINED';
}

export type PermissionEvent = Extract<
  DomainEvent,
  { type: 'PermissionDefined' | 'PermissionChanged' | 'PermissionRetired' }
>;

export function evolvePermission(
  event: PermissionEvent,
  to: DocumentWriter,
  { tenant }: EventContext,
): void {
  const { permission } = event;
  switch (event.type) {
    case 'PermissionDefined':
    case 'PermissionChanged': {
      const { resourceType, description, risk, maxStalenessMs } = event;
      const limit = maxStalenessMs === undefined ? {} : { maxStalenessMs };
      const audit = event.auditRequired === true ? ({ auditRequired: true } as const) : {};
      const facts = { resourceType, description, risk, ...limit, ...audit };
      const document = { ...facts, status: 'DEFINED' } as const;
      return permissions.put(to, tenant, permission, document);
    }
    case 'PermissionRetired':
      return permissions.change(to, tenant, permission, (it) => ({ ...it, status: 'RETIRED' }));
  }
}
