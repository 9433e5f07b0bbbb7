import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { admins, locksOut, noAdmins, withoutAdminRole } from '#services/identity/domain/admins.js';
import { accept, refuseFields, reject } from '#services/identity/domain/decision.js';
import { exactNameProblem } from '#services/identity/domain/names/exact-name.js';
import { changeParents, changePermissions } from './change.js';
import type { CreateRole, DeleteRole, RenameRole, RoleCommand } from './commands.js';
import { inheritanceProblem } from './inheritance.js';
import { adminProblem, listProblems, undefinedProblem } from './role-problems.js';
import { childrenOf, roleNameOf, roleNames, roles } from './state.js';
import type { RoleDocument } from './state.js';

export function decideRole(command: RoleCommand, view: DocumentReader, facts: Facts): Decision {
  if (command.type === 'CreateRole') return create(command, view, facts);
  const role = roles.read(view, facts.tenant, command.role);
  if (role === undefined) return reject('NOT_FOUND', 'no such role');
  switch (command.type) {
    case 'ChangeRolePermissions':
      return changePermissions(command, role, view, facts);
    case 'ChangeRoleParents':
      return changeParents(command, role, view, facts);
    case 'RenameRole':
      return rename(command, view, facts);
    case 'DeleteRole':
      return remove(command, role, view, facts);
  }
}

function create(command: CreateRole, view: DocumentReader, { tenant }: Facts): Decision {
  const { role, name, permissions, parents, admin } = command;
  const refused = refuseFields(
    ['name', exactNameProblem(name)],
    ...listProblems('permissions', permissions, 'parent_role_ids', parents),
  );
  if (refused !== undefined) return refused;
  if (roles.read(view, tenant, role) !== undefined) {
    return reject('ALREADY_EXISTS', 'the role exists');
  }
  if (roleNames.read(view, tenant, name) !== undefined) {
    return reject('NAME_TAKEN', 'the role name is taken');
  }
  return (
    undefinedProblem(view, tenant, 'permissions', permissions) ??
    inheritanceProblem(view, tenant, role, parents) ??
    adminProblem(view, tenant, { permissions, parents, admin }) ??
    accept({ type: 'RoleCreated', role, name, permissions, parents, admin })
  );
}

function rename({ role, name }: RenameRole, view: DocumentReader, { tenant }: Facts): Decision {
  const refused = refuseFields(['name', exactNameProblem(name)]);
  if (refused !== undefined) return refused;
  const oldName = roleNameOf.read(view, tenant, role)?.name ?? '';
  if (oldName === name) return accept();
  if (roleNames.read(view, tenant, name) !== undefined) {
    return reject('NAME_TAKEN', 'the role name is taken');
  }
  return accept({ type: 'RoleRenamed', role, oldName, name });
}

function remove(
  { role }: DeleteRole,
  document: RoleDocument,
  view: DocumentReader,
  { tenant, nowMs }: Facts,
): Decision {
  const children = childrenOf.read(view, tenant, role)?.children ?? [];
  if (children.length > 0) {
    return reject('IN_USE', `${children.length} roles inherit from it; change their parents first`);
  }
  if (document.admin) {
    const before = admins.read(view, tenant, tenant) ?? noAdmins;
    if (locksOut(before, withoutAdminRole(before, role), nowMs)) {
      return reject('LAST_ADMIN', 'the last administrator holds this role');
    }
  }
  const name = roleNameOf.read(view, tenant, role)?.name ?? '';
  const { parents, admin } = document;
  return accept({ type: 'RoleDeleted', role, name, parents, admin });
}
