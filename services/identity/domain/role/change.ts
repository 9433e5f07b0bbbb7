import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { accept, countProblem, refuseFields } from '#services/identity/domain/decision.js';
import type { Rejection } from '#services/identity/domain/decision.js';
import {
  eachProblem,
  permissionPatternProblem,
} from '#services/identity/domain/names/exact-name.js';
import type { ChangeRoleParents, ChangeRolePermissions } from './commands.js';
import { inheritanceProblem } from './inheritance.js';
import {
  adminProblem,
  mostNamedAtOnce,
  mostParents,
  mostPermissions,
  undefinedProblem,
} from './role-problems.js';
import type { RoleDocument } from './state.js';

export function changePermissions(
  command: ChangeRolePermissions,
  document: RoleDocument,
  view: DocumentReader,
  { tenant }: Facts,
): Decision {
  const { role, add, remove } = command;
  const added = add.filter((one) => !document.permissions.includes(one));
  const removed = remove.filter((one) => document.permissions.includes(one));
  const permissions = [...document.permissions.filter((one) => !removed.includes(one)), ...added];
  const refused = refuseFields(
    ['add', bothProblem(add, remove) ?? countProblem(add.length, mostNamedAtOnce)],
    ['remove', countProblem(remove.length, mostPermissions)],
    ...eachProblem('add', add, permissionPatternProblem),
    ['add', countProblem(permissions.length, mostPermissions)],
  );
  if (refused !== undefined) return refused;
  if (added.length + removed.length === 0) return accept();
  return (
    undefinedProblem(view, tenant, 'add', add) ??
    adminProblem(view, tenant, { ...document, permissions }) ??
    accept({ type: 'RolePermissionsChanged', role, added, removed })
  );
}

export function changeParents(
  command: ChangeRoleParents,
  document: RoleDocument,
  view: DocumentReader,
  { tenant }: Facts,
): Decision {
  const { role, add, remove } = command;
  const added = [...new Set(add)].filter((one) => !document.parents.includes(one));
  const removed = [...new Set(remove)].filter((one) => document.parents.includes(one));
  const parents = [...document.parents.filter((one) => !removed.includes(one)), ...added];
  const refused = refuseFields([
    'add_role_ids',
    bothProblem(add, remove) ?? countProblem(parents.length, mostParents),
  ]);
  if (refused !== undefined) return refused;
  if (added.length + removed.length === 0) return accept();
  return (
    growthProblem(view, tenant, role, added, parents) ??
    adminProblem(view, tenant, { ...document, parents }) ??
    accept({ type: 'RoleParentsChanged', role, added, removed })
  );
}

/** Taking parents away can neither close a circle nor make a chain longer. */
function growthProblem(
  view: DocumentReader,
  tenant: string,
  role: string,
  added: readonly string[],
  parents: readonly string[],
): Rejection | undefined {
  return added.length === 0 ? undefined : inheritanceProblem(view, tenant, role, parents);
}

function bothProblem(add: readonly string[], remove: readonly string[]): string | undefined {
  return add.some((one) => remove.includes(one)) ? 'both added and removed' : undefined;
}
