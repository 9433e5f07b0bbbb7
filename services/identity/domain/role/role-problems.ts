import type { DocumentReader } from '#libs/decider/documents.js';
import { countProblem, refuseFields, reject } from '#services/identity/domain/decision.js';
import type { Rejection } from '#services/identity/domain/decision.js';
import {
  eachProblem,
  permissionPatternProblem,
} from '#services/identity/domain/names/exact-name.js';
import { isDefined } from '#services/identity/domain/permission/state.js';
import { roles } from './state.js';
import type { RoleDocument } from './state.js';

/** Permissions in one command: each exact one is a key of the record. */
export const mostNamedAtOnce = 100;
export const mostPermissions = 500;
export const mostParents = 16;

/** Problems of two lists of a request, as `[field, problem]`. */
export function listProblems(
  permissionsField: string,
  permissions: readonly string[],
  parentsField: string,
  parents: readonly string[],
): (readonly [string, string | undefined])[] {
  return [
    [permissionsField, countProblem(permissions.length, mostNamedAtOnce)],
    ...eachProblem(permissionsField, permissions, permissionPatternProblem),
    [parentsField, countProblem(parents.length, mostParents)],
    ...eachProblem(parentsField, parents, () => undefined),
  ];
}

/** A permission that is named exactly must be defined; a pattern may wait for what will be. */
export function undefinedProblem(
  view: DocumentReader,
  tenant: string,
  field: string,
  permissions: readonly string[],
): Rejection | undefined {
  return refuseFields(
    ...permissions.map((permission, at) => {
      const known = permission.includes('*') || isDefined(view, tenant, permission);
      return [`${field}[${at}]`, known ? undefined : 'is not a defined permission'] as const;
    }),
  );
}

/**
 * An admin role must permit administration, and what it permits must not reach roles that are not
 * marked admin: those may be given to groups, where nobody counts the last admin.
 */
export function adminProblem(
  view: DocumentReader,
  tenant: string,
  { permissions, parents, admin }: RoleDocument,
): Rejection | undefined {
  if (admin) {
    if (permissions.includes('*') || permissions.includes('ledgate.identity:*')) return undefined;
    return reject('WRONG_STATE', 'an admin role permits "ledgate.identity:*" or "*" itself');
  }
  const above = parents.find((parent) => roles.read(view, tenant, parent)?.admin === true);
  if (above === undefined) return undefined;
  return reject('WRONG_STATE', 'only an admin role inherits from an admin role', { role: above });
}
