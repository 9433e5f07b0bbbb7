import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { admins, isAdmin, mostAdmins } from '#services/identity/domain/admins.js';
import { accept, futureProblem, refuseFields, reject } from '#services/identity/domain/decision.js';
import type { Rejection } from '#services/identity/domain/decision.js';
import { groups } from '#services/identity/domain/group/state.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import { resourcePrefixProblem } from '#services/identity/domain/names/resource-prefix.js';
import { isActive, livePrincipal } from '#services/identity/domain/principal/state.js';
import { roles } from '#services/identity/domain/role/state.js';
import type { GrantRole } from './commands.js';
import { grants, grantsOf, grantTuples, mostGrants, tupleId } from './state.js';

export function grantRole(command: GrantRole, view: DocumentReader, facts: Facts): Decision {
  const { grant, subjectKind, subject, role, resourcePrefix, expiresAtMs, ticket } = command;
  const { tenant, nowMs } = facts;
  const refused = refuseFields(
    ['resource_prefix', resourcePrefixProblem(resourcePrefix)],
    ['expires_at_ms', futureProblem(expiresAtMs, nowMs)],
    ['ticket', ticket === undefined ? undefined : freeTextProblem(ticket, 1, 100)],
  );
  if (refused !== undefined) return refused;
  const document = roles.read(view, tenant, role);
  if (document === undefined) return reject('NOT_FOUND', 'no such role');
  const { admin } = document;
  const problem =
    subjectProblem(command, view, facts) ??
    (admin ? adminProblem(command, view, facts) : undefined) ??
    duplicateProblem(command, view, facts);
  if (problem !== undefined) return problem;
  const tuple = { grant, subjectKind, subject, role, resourcePrefix };
  return accept({ type: 'RoleGranted', ...tuple, expiresAtMs, ticket, admin });
}

function subjectProblem(
  { subjectKind, subject }: GrantRole,
  view: DocumentReader,
  { tenant }: Facts,
): Rejection | undefined {
  if (subjectKind === 'GROUP') {
    if (groups.read(view, tenant, subject) !== undefined) return undefined;
    return reject('NOT_FOUND', 'no such group');
  }
  if (livePrincipal(view, tenant, subject) !== undefined) return undefined;
  return reject('NOT_FOUND', 'no such principal');
}

/** The set of admins is counted, so it holds principals who can act, everywhere in the tenant. */
function adminProblem(
  { subjectKind, subject, resourcePrefix }: GrantRole,
  view: DocumentReader,
  { tenant, nowMs }: Facts,
): Rejection | undefined {
  if (subjectKind === 'GROUP') {
    return reject('WRONG_STATE', 'an admin role goes to principals, not to groups');
  }
  if (resourcePrefix !== '') {
    return reject('WRONG_STATE', 'an admin role is granted without a resource prefix');
  }
  const principal = livePrincipal(view, tenant, subject);
  if (principal !== undefined && !isActive(principal, nowMs)) {
    return reject('WRONG_STATE', 'the principal is suspended');
  }
  const holders = admins.read(view, tenant, tenant);
  const full = Object.keys(holders?.holders ?? {}).length >= mostAdmins;
  if (!full || isAdmin(holders, subject)) return undefined;
  return reject('LIMIT_REACHED', `a tenant has at most ${mostAdmins} administrators`);
}

function duplicateProblem(
  { grant, subject, role, resourcePrefix }: GrantRole,
  view: DocumentReader,
  { tenant }: Facts,
): Rejection | undefined {
  if (grants.read(view, tenant, grant) !== undefined) {
    return reject('ALREADY_EXISTS', 'the grant exists');
  }
  const same = grantTuples.read(view, tenant, tupleId(subject, role, resourcePrefix));
  if (same !== undefined) {
    return reject('ALREADY_EXISTS', 'this is granted already; change or revoke that grant', {
      grant: same.grant,
    });
  }
  const held = grantsOf.read(view, tenant, subject)?.grants ?? [];
  if (held.length < mostGrants) return undefined;
  return reject(
    'LIMIT_REACHED',
    `a subject has at most ${mostGrants} grants; revoke those that have expired`,
  );
}
