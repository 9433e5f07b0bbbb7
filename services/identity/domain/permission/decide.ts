import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { accept, refuseFields, reject } from '#services/identity/domain/decision.js';
import type { Rejection } from '#services/identity/domain/decision.js';
import {
  exactNameProblem,
  permissionProblem,
  reservedProblem,
} from '#services/identity/domain/names/exact-name.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import type { ChangePermission, DefinePermission, PermissionCommand } from './commands.js';
import { isDefined, permissions } from './state.js';

const leastStalenessMs = 1000;
const mostStalenessMs = 15 * 60_000;

export function decidePermission(
  command: PermissionCommand,
  view: DocumentReader,
  { tenant }: Facts,
): Decision {
  const { permission } = command;
  const refused = refuseFields([
    'permission',
    permissionProblem(permission) ?? reservedProblem(permission),
  ]);
  if (refused !== undefined) return refused;
  const defined = isDefined(view, tenant, permission);
  switch (command.type) {
    case 'DefinePermission': {
      if (defined) return reject('ALREADY_EXISTS', 'the permission is defined');
      return factProblems(command) ?? accept({ ...command, type: 'PermissionDefined' });
    }
    case 'ChangePermission': {
      if (!defined) return undefinedPermission();
      return factProblems(command) ?? change(command, view, tenant);
    }
    case 'RetirePermission': {
      if (!defined) return undefinedPermission();
      return accept({ type: 'PermissionRetired', permission });
    }
  }
}

function change(command: ChangePermission, view: DocumentReader, tenant: string): Decision {
  const before = permissions.read(view, tenant, command.permission);
  const same =
    before?.resourceType === command.resourceType &&
    before.description === command.description &&
    before.risk === command.risk &&
    before.maxStalenessMs === command.maxStalenessMs &&
    before.auditRequired === command.auditRequired;
  return same ? accept() : accept({ ...command, type: 'PermissionChanged' });
}

function factProblems(command: DefinePermission | ChangePermission): Rejection | undefined {
  const { resourceType, description, maxStalenessMs } = command;
  const type = resourceType === '' ? undefined : exactNameProblem(resourceType);
  return refuseFields(
    ['resource_type', type],
    ['description', freeTextProblem(description, 0, 256)],
    ['max_staleness_ms', stalenessProblem(maxStalenessMs)],
  );
}

function stalenessProblem(ms: number | undefined): string | undefined {
  if (ms === undefined) return undefined;
  const fits = Number.isSafeInteger(ms) && ms >= leastStalenessMs && ms <= mostStalenessMs;
  return fits ? undefined : `must be a whole number from ${leastStalenessMs} to ${mostStalenessMs}`;
}

function undefinedPermission(): Rejection {
  return reject('NOT_FOUND', 'no such permission');
}
