import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

import { isExactPermission } from '../permission-pattern.js';
import type { Role } from './role.js';
import type { Tenant } from './tenant.js';
import type { ViewState } from './view-state.js';

type PermissionEvent = Extract<
  DomainEvent,
  { type: 'PermissionDefined' | 'PermissionChanged' | 'PermissionRetired' }
>;
type RoleEvent = Extract<
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

/** Defining again what was retired makes it usable again; changing what is not defined does nothing. */
export function applyPermission(state: ViewState, event: PermissionEvent, ctx: EventContext): void {
  const tenant = state.ownTenant(ctx.tenant);
  const known = tenant.permissions.get(event.permission);
  switch (event.type) {
    case 'PermissionDefined':
      if (known === undefined) define(tenant, event, ctx.position);
      else if (known.retired) {
        Object.assign(known, shapeOf(event, ctx.position));
        known.retired = false;
      }
      return;
    case 'PermissionChanged':
      if (known !== undefined && !known.retired) {
        Object.assign(known, shapeOf(event, ctx.position));
      }
      return;
    case 'PermissionRetired':
      if (known === undefined || known.retired) return;
      known.retired = true;
      known.position = ctx.position;
  }
}

type Definition = Extract<PermissionEvent, { type: 'PermissionDefined' | 'PermissionChanged' }>;

function define(tenant: Tenant, event: Definition, position: number): void {
  if (!isExactPermission(event.permission)) return;
  const index = tenant.permissionNames.length;
  tenant.permissionNames.push(event.permission);
  tenant.permissions.set(event.permission, {
    index,
    name: event.permission,
    retired: false,
    ...shapeOf(event, position),
  });
  tenant.generation += 1;
}

function shapeOf(event: Definition, position: number) {
  const { resourceType, risk, maxStalenessMs, auditRequired = false } = event;
  return { resourceType, risk, maxStalenessMs, auditRequired, position };
}

/** A role is created once; what names it before that, or after its deletion, grants nothing. */
export function applyRole(state: ViewState, event: RoleEvent, ctx: EventContext): void {
  const tenant = state.ownTenant(ctx.tenant);
  const role = state.ownRole(tenant, event.role);
  tenant.generation += 1;
  if (event.type === 'RoleCreated') {
    if (role.createdAt >= 0) return;
    role.createdAt = ctx.position;
    role.name = event.name;
    role.admin = event.admin;
    for (const pattern of event.permissions) role.patterns.set(pattern, ctx.position);
    addParents(state, tenant, role, event.parents, ctx.position);
    return;
  }
  if (!role.live) return;
  switch (event.type) {
    case 'RolePermissionsChanged':
      for (const pattern of event.removed) role.patterns.delete(pattern);
      for (const pattern of event.added) {
        if (!role.patterns.has(pattern)) role.patterns.set(pattern, ctx.position);
      }
      return;
    case 'RoleParentsChanged':
      for (const parent of event.removed) role.parents.delete(state.ownRole(tenant, parent));
      addParents(state, tenant, role, event.added, ctx.position);
      return;
    case 'RoleRenamed':
      role.name = event.name;
      return;
    case 'RoleDeleted':
      role.deletedAt = ctx.position;
      role.patterns.clear();
      role.parents.clear();
  }
}

function addParents(
  state: ViewState,
  tenant: Tenant,
  role: Role,
  parents: readonly string[],
  position: number,
): void {
  for (const id of parents) {
    const parent = state.ownRole(tenant, id);
    if (!role.parents.has(parent)) role.parents.set(parent, position);
  }
}
