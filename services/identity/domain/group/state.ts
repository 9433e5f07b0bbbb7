import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentWriter } from '#libs/decider/documents.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

export const groups = new DocumentKind<{ readonly name: string }>('group');
export const groupNames = new DocumentKind<{ readonly group: string }>('groupname');
/** Under `<group>,<principal>`: so the members of a group are one prefix. */
export const members = new DocumentKind<{ readonly position: number }>('member');
export const groupsOf = new DocumentKind<{ readonly groups: readonly string[] }>('groups-of');
export const mostGroups = 100;

export function memberId(group: string, principal: string): string {
  return `${group},${principal}`;
}

export type GroupEvent = Extract<
  DomainEvent,
  { type: 'GroupCreated' | 'GroupDeleted' | 'GroupMemberAdded' | 'GroupMemberRemoved' }
>;

/** Deleting a group leaves its memberships: they are inert, and can be removed one by one. */
export function evolveGroup(event: GroupEvent, to: DocumentWriter, context: EventContext): void {
  const { tenant, position } = context;
  const { group } = event;
  switch (event.type) {
    case 'GroupCreated':
      groups.put(to, tenant, group, { name: event.name });
      return groupNames.put(to, tenant, event.name, { group });
    case 'GroupDeleted':
      groups.remove(to, tenant, group);
      return groupNames.remove(to, tenant, event.name);
    case 'GroupMemberAdded': {
      const { principal } = event;
      members.put(to, tenant, memberId(group, principal), { position });
      return putGroups(to, tenant, principal, group, true);
    }
    case 'GroupMemberRemoved': {
      const { principal } = event;
      members.remove(to, tenant, memberId(group, principal));
      return putGroups(to, tenant, principal, group, false);
    }
  }
}

function putGroups(
  to: DocumentWriter,
  tenant: string,
  principal: string,
  group: string,
  member: boolean,
): void {
  const before = groupsOf.read(to, tenant, principal)?.groups ?? [];
  const others = before.filter((id) => id !== group);
  groupsOf.put(to, tenant, principal, { groups: member ? [...others, group] : others });
}
