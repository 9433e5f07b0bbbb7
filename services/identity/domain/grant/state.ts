import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentWriter } from '#libs/decider/documents.js';
import type { DomainEvent, RoleGranted, SubjectKind } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import {
  admins,
  noAdmins,
  withAdminGrant,
  withoutAdminGrant,
} from '#services/identity/domain/admins.js';

export interface GrantDocument {
  readonly subjectKind: SubjectKind;
  readonly subject: string;
  readonly role: string;
  readonly resourcePrefix: string;
  readonly expiresAtMs?: number;
  readonly ticket?: string;
  readonly admin: boolean;
  readonly position: number;
}

export const grants = new DocumentKind<GrantDocument>('grant');
/** Under `<subject>,<role>,<prefix>`: the same thing is granted once. */
export const grantTuples = new DocumentKind<{ readonly grant: string }>('granttuple');
export const grantsOf = new DocumentKind<{ readonly grants: readonly string[] }>('grants-of');
export const mostGrants = 1000;

export function tupleId(subject: string, role: string, resourcePrefix: string): string {
  return `${subject},${role},${resourcePrefix}`;
}

export type GrantEvent = Extract<
  DomainEvent,
  { type: 'RoleGranted' | 'GrantChanged' | 'GrantRevoked' }
>;

export function evolveGrant(event: GrantEvent, to: DocumentWriter, context: EventContext): void {
  const { tenant } = context;
  const { grant, subject, role, resourcePrefix } = event;
  switch (event.type) {
    case 'RoleGranted':
      return add(event, to, context);
    case 'GrantChanged': {
      const { expiresAtMs } = event;
      grants.change(to, tenant, grant, ({ expiresAtMs: _, ...rest }) => ({
        ...rest,
        ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      }));
      return event.admin ? putAdminGrant(to, tenant, event) : undefined;
    }
    case 'GrantRevoked': {
      grants.remove(to, tenant, grant);
      grantTuples.remove(to, tenant, tupleId(subject, role, resourcePrefix));
      grantsOf.change(to, tenant, subject, (it) => ({
        grants: it.grants.filter((id) => id !== grant),
      }));
      if (!event.admin) return;
      return admins.change(to, tenant, tenant, (it) => withoutAdminGrant(it, grant));
    }
  }
}

function add(event: RoleGranted, to: DocumentWriter, { tenant, position }: EventContext): void {
  const { grant, subjectKind, subject, role, resourcePrefix, expiresAtMs, ticket, admin } = event;
  const expiry = expiresAtMs === undefined ? {} : { expiresAtMs };
  const approval = ticket === undefined ? {} : { ticket };
  const tuple = { subjectKind, subject, role, resourcePrefix };
  grants.put(to, tenant, grant, { ...tuple, ...expiry, ...approval, admin, position });
  grantTuples.put(to, tenant, tupleId(subject, role, resourcePrefix), { grant });
  const held = grantsOf.read(to, tenant, subject)?.grants ?? [];
  grantsOf.put(to, tenant, subject, { grants: [...held, grant] });
  if (admin) putAdminGrant(to, tenant, event);
}

function putAdminGrant(
  to: DocumentWriter,
  tenant: string,
  event: Extract<DomainEvent, { type: 'RoleGranted' | 'GrantChanged' }>,
): void {
  const { subject, grant, role, expiresAtMs } = event;
  const held = expiresAtMs === undefined ? { role } : { role, expiresAtMs };
  const before = admins.read(to, tenant, tenant) ?? noAdmins;
  admins.put(to, tenant, tenant, withAdminGrant(before, subject, grant, held));
}
