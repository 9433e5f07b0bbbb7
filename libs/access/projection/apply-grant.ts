import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

import { drop, dropAll, grantIndex, hold, memberIndex } from './holdings.js';
import { never } from './set-entries.js';
import { absent, active, deleted } from './subjects.js';
import type { Tenant } from './tenant.js';
import type { ViewState } from './view-state.js';

type GroupEvent = Extract<
  DomainEvent,
  { type: 'GroupCreated' | 'GroupDeleted' | 'GroupMemberAdded' | 'GroupMemberRemoved' }
>;
type GrantEvent = Extract<DomainEvent, { type: 'RoleGranted' | 'GrantChanged' | 'GrantRevoked' }>;

/** Memberships may name a group that is not there: it gives its members nothing. */
export function applyGroup(state: ViewState, event: GroupEvent, ctx: EventContext): void {
  const tenant = state.ownTenant(ctx.tenant);
  const { groups } = state;
  switch (event.type) {
    case 'GroupCreated': {
      const row = ownGroup(state, tenant, event.group);
      if (groups.statusOf(row) !== absent) return;
      groups.setStatus(row, active);
      state.groupNames.set(row, event.name);
      return;
    }
    case 'GroupDeleted': {
      const row = groups.find(tenant.index, event.group);
      if (row < 0 || groups.statusOf(row) !== active) return;
      groups.setStatus(row, deleted);
      dropAll(state, groups, row);
      return;
    }
    case 'GroupMemberAdded':
    case 'GroupMemberRemoved':
      changeMembership(state, tenant, event, ctx.position);
  }
}

function ownGroup(state: ViewState, tenant: Tenant, id: string): number {
  const row = state.groups.find(tenant.index, id);
  return row >= 0 ? row : state.groups.add(tenant.index, id, absent);
}

function changeMembership(
  state: ViewState,
  tenant: Tenant,
  event: Extract<GroupEvent, { principal: string }>,
  position: number,
): void {
  const { principals, entries } = state;
  const row = principals.find(tenant.index, event.principal);
  if (row < 0 || principals.statusOf(row) === deleted) return;
  const group = ownGroup(state, tenant, event.group);
  const index = memberIndex(state, principals.setOf(row), group);
  if (event.type === 'GroupMemberAdded') {
    if (index < 0) hold(state, principals, row, entries.member(group), position);
    return;
  }
  if (index < 0) return;
  drop(state, principals, row, index);
  state.removals.add({
    kind: 'MEMBERSHIP_REMOVED',
    subjectKind: 'PRINCIPAL',
    subject: row,
    target: group,
    resourcePrefix: '',
    position,
  });
}

/**
 * The tuple (subject, role, prefix) is the grant: granting it again replaces its expiry, changing or
 * revoking one that is not held does nothing. A grant keeps the position of its RoleGranted.
 */
export function applyGrant(state: ViewState, event: GrantEvent, ctx: EventContext): void {
  const tenant = state.ownTenant(ctx.tenant);
  const subjects = event.subjectKind === 'GROUP' ? state.groups : state.principals;
  const row = subjects.find(tenant.index, event.subject);
  if (row < 0 || subjects.statusOf(row) === deleted || subjects.statusOf(row) === absent) return;
  const role = state.ownRole(tenant, event.role).index;
  const index = grantIndex(state, subjects.setOf(row), role, event.resourcePrefix);
  if (index < 0 && event.type !== 'RoleGranted') return;
  const before = index < 0 ? -1 : drop(state, subjects, row, index);
  if (event.type === 'GrantRevoked') {
    state.removals.add({
      kind: 'GRANT_REVOKED',
      subjectKind: event.subjectKind,
      subject: row,
      target: role,
      resourcePrefix: event.resourcePrefix,
      position: ctx.position,
    });
    return;
  }
  const entry = state.entries.grant(role, event.resourcePrefix, event.expiresAtMs ?? never);
  hold(state, subjects, row, entry, event.type === 'RoleGranted' ? ctx.position : before);
}
