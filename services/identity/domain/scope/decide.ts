import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { accept, countProblem, refuseFields, reject } from '#services/identity/domain/decision.js';
import type { Rejection } from '#services/identity/domain/decision.js';
import {
  eachProblem,
  permissionPatternProblem,
} from '#services/identity/domain/names/exact-name.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import { undefinedProblem } from '#services/identity/domain/role/role-problems.js';
import type { ChangeScope, DefineScope, ScopeCommand } from './commands.js';
import { scopeNameProblem, wideningProblem } from './scope-name.js';
import { isDefinedScope, scopes } from './state.js';

/** Permissions of one scope: each exact one is a key of the record. */
export const mostScopePermissions = 100;

export function decideScope(
  command: ScopeCommand,
  view: DocumentReader,
  { tenant }: Facts,
): Decision {
  const { scope } = command;
  const refused = refuseFields(['scope', scopeNameProblem(scope)]);
  if (refused !== undefined) return refused;
  const defined = isDefinedScope(view, tenant, scope);
  switch (command.type) {
    case 'DefineScope': {
      if (defined) return reject('ALREADY_EXISTS', 'the scope is defined');
      const problem = factProblems(command, view, tenant);
      return problem ?? accept({ ...command, type: 'ScopeDefined' });
    }
    case 'ChangeScope': {
      if (!defined) return undefinedScope();
      return factProblems(command, view, tenant) ?? change(command, view, tenant);
    }
    case 'RetireScope': {
      if (!defined) return undefinedScope();
      return accept({ type: 'ScopeRetired', scope });
    }
  }
}

function change(command: ChangeScope, view: DocumentReader, tenant: string): Decision {
  const before = scopes.read(view, tenant, command.scope);
  const same =
    before?.description === command.description &&
    before.consentRequired === command.consentRequired &&
    before.permissions.length === command.permissions.length &&
    command.permissions.every((permission) => before.permissions.includes(permission));
  return same ? accept() : accept({ ...command, type: 'ScopeChanged' });
}

function factProblems(
  { scope, description, permissions }: DefineScope | ChangeScope,
  view: DocumentReader,
  tenant: string,
): Rejection | undefined {
  const problemOf = (text: string): string | undefined =>
    permissionPatternProblem(text) ?? wideningProblem(scope, text);
  return (
    refuseFields(
      ['description', freeTextProblem(description, 0, 256)],
      ['permissions', countProblem(permissions.length, mostScopePermissions)],
      ...eachProblem('permissions', permissions, problemOf),
    ) ?? undefinedProblem(view, tenant, 'permissions', permissions)
  );
}

function undefinedScope(): Rejection {
  return reject('NOT_FOUND', 'no such scope');
}
