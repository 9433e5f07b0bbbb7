import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentWriter } from '#libs/decider/documents.js';
import type { DomainEvent, RoleCreated } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { admins, withoutAdminRole } from '#services/identity/domain/admins.js';

export interface RoleDocument {
  readonly permissions: readonly string[];
  /** Roles that this one inherits from. */
  readonly parents: readonly string[];
  readonly admin: boolean;
}

export const roles = new DocumentKind<RoleDocument>('role');
export const roleNames = new DocumentKind<{ readonly role: string }>('rolename');
/** The name by id: on a key of its own, so that renaming disturbs nobody who uses the role. */
export const roleNameOf = new DocumentKind<{ readonly name: string }>('rolename-of');
export const childrenOf = new DocumentKind<{ readonly children: readonly string[] }>('children-of');

export type RoleEvent = Extract<
  DomainEvent,
  {
    type:
      | 'RoleCreated'
      | 'RolePermissionsChanged'
      | 'RoleParentsChanged'
      | 'RoleRenamed'
      | 'RoleDeleted';
  }
>;

export function evolveRole(event: RoleEvent, to: DocumentWriter, { tenant }: EventContext): void {
  const { role } = event;
  switch (event.type) {
    case 'RoleCreated':
      return create(event, to, tenant);
    case 'RolePermissionsChanged':
      return roles.change(to, tenant, role, (it) => ({
        ...it,
        permissions: changed(it.permissions, event.added, event.removed),
      }));
    case 'RoleParentsChanged': {
      for (const parent of event.added) addChild(to, tenant, parent, role);
      for (const parent of event.removed) removeChild(to, tenant, parent, role);
      return roles.change(to, tenant, role, (it) => ({
        ...it,
        parents: changed(it.parents, event.added, event.removed),
      }));
    }
    case 'RoleRenamed': {
      roleNames.remove(to, tenant, event.oldName);
      roleNames.put(to, tenant, event.name, { role });
      return roleNameOf.put(to, tenant, role, { name: event.name });
    }
    case 'RoleDeleted': {
      roles.remove(to, tenant, role);
      roleNames.remove(to, tenant, event.name);
      roleNameOf.remove(to, tenant, role);
      childrenOf.remove(to, tenant, role);
      for (const parent of event.parents) removeChild(to, tenant, parent, role);
      if (!event.admin) return;
      return admins.change(to, tenant, tenant, (it) => withoutAdminRole(it, role));
    }
  }
}

function create(event: RoleCreated, to: DocumentWriter, tenant: string): void {
  const { role, name, permissions, parents, admin } = event;
  roles.put(to, tenant, role, { permissions, parents, admin });
  roleNames.put(to, tenant, name, { role });
  roleNameOf.put(to, tenant, role, { name });
  childrenOf.put(to, tenant, role, { children: [] });
  for (const parent of parents) addChild(to, tenant, parent, role);
}

function changed(
  list: readonly string[],
  added: readonly string[],
  removed: readonly string[],
): string[] {
  const kept = list.filter((item) => !removed.includes(item) && !added.includes(item));
  return [...kept, ...added];
}

function addChild(to: DocumentWriter, tenant: string, parent: string, child: string): void {
  childrenOf.change(to, tenant, parent, (it) => ({ children: changed(it.children, [child], []) }));
}

function removeChild(to: DocumentWriter, tenant: string, parent: string, child: string): void {
  childrenOf.change(to, tenant, parent, (it) => ({ children: changed(it.children, [], [child]) }));
}
