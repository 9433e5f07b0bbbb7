import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { accept, refuseFields, reject } from '#services/identity/domain/decision.js';
import { exactNameProblem } from '#services/identity/domain/names/exact-name.js';
import { livePrincipal } from '#services/identity/domain/principal/state.js';
import type { AddGroupMember, CreateGroup, GroupCommand } from './commands.js';
import { groupNames, groups, groupsOf, memberId, members, mostGroups } from './state.js';

export function decideGroup(command: GroupCommand, view: DocumentReader, facts: Facts): Decision {
  const { tenant } = facts;
  switch (command.type) {
    case 'CreateGroup':
      return create(command, view, facts);
    case 'DeleteGroup': {
      const { group } = command;
      const document = groups.read(view, tenant, group);
      if (document === undefined) return reject('NOT_FOUND', 'no such group');
      return accept({ type: 'GroupDeleted', group, name: document.name });
    }
    case 'AddGroupMember':
      return addMember(command, view, facts);
    case 'RemoveGroupMember': {
      const { group, principal } = command;
      if (members.read(view, tenant, memberId(group, principal)) === undefined) {
        return reject('NOT_FOUND', 'no such member');
      }
      return accept({ type: 'GroupMemberRemoved', group, principal });
    }
  }
}

function create({ group, name }: CreateGroup, view: DocumentReader, { tenant }: Facts): Decision {
  const refused = refuseFields(['name', exactNameProblem(name)]);
  if (refused !== undefined) return refused;
  if (groups.read(view, tenant, group) !== undefined) {
    return reject('ALREADY_EXISTS', 'the group exists');
  }
  if (groupNames.read(view, tenant, name) !== undefined) {
    return reject('NAME_TAKEN', 'the group name is taken');
  }
  return accept({ type: 'GroupCreated', group, name });
}

function addMember(
  { group, principal }: AddGroupMember,
  view: DocumentReader,
  { tenant }: Facts,
): Decision {
  if (groups.read(view, tenant, group) === undefined) return reject('NOT_FOUND', 'no such group');
  if (livePrincipal(view, tenant, principal) === undefined) {
    return reject('NOT_FOUND', 'no such principal');
  }
  if (members.read(view, tenant, memberId(group, principal)) !== undefined) {
    return reject('ALREADY_EXISTS', 'the principal is a member');
  }
  const held = groupsOf.read(view, tenant, principal)?.groups ?? [];
  if (held.length >= mostGroups) {
    return reject('LIMIT_REACHED', `a principal is in at most ${mostGroups} groups`);
  }
  return accept({ type: 'GroupMemberAdded', group, principal });
}
