import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import {
  admins,
  locksOut,
  noAdmins,
  withAdminGrant,
  withoutAdminGrant,
} from '#services/identity/domain/admins.js';
import type { AdminsDocument } from '#services/identity/domain/admins.js';
import { accept, futureProblem, refuseFields, reject } from '#services/identity/domain/decision.js';
import type { Rejection } from '#services/identity/domain/decision.js';
import type { ChangeGrant, GrantCommand, RevokeGrant } from './commands.js';
import { grantRole } from './grant-role.js';
import { grants } from './state.js';
import type { GrantDocument } from './state.js';

export function decideGrant(command: GrantCommand, view: DocumentReader, facts: Facts): Decision {
  if (command.type === 'GrantRole') return grantRole(command, view, facts);
  const document = grants.read(view, facts.tenant, command.grant);
  if (document === undefined) return reject('NOT_FOUND', 'no such grant');
  switch (command.type) {
    case 'ChangeGrant':
      return change(command, document, view, facts);
    case 'RevokeGrant':
      return revoke(command, document, view, facts);
  }
}

function change(
  { grant, expiresAtMs }: ChangeGrant,
  document: GrantDocument,
  view: DocumentReader,
  facts: Facts,
): Decision {
  const refused = refuseFields(['expires_at_ms', futureProblem(expiresAtMs, facts.nowMs)]);
  if (refused !== undefined) return refused;
  if (document.expiresAtMs === expiresAtMs) return accept();
  const { subjectKind, subject, role, resourcePrefix, admin } = document;
  return (
    lastAdminProblem(document, view, facts, (it) =>
      it.holders[subject]?.grants[grant] === undefined
        ? it
        : withAdminGrant(it, subject, grant, { role, expiresAtMs }),
    ) ??
    accept({
      type: 'GrantChanged',
      grant,
      subjectKind,
      subject,
      role,
      resourcePrefix,
      oldExpiresAtMs: document.expiresAtMs,
      expiresAtMs,
      admin,
    })
  );
}

function revoke(
  { grant, cause }: RevokeGrant,
  document: GrantDocument,
  view: DocumentReader,
  facts: Facts,
): Decision {
  const { subjectKind, subject, role, resourcePrefix, admin } = document;
  const tuple = { grant, subjectKind, subject, role, resourcePrefix };
  return (
    lastAdminProblem(document, view, facts, (it) => withoutAdminGrant(it, grant)) ??
    accept({ type: 'GrantRevoked', ...tuple, cause, admin })
  );
}

function lastAdminProblem(
  { admin }: GrantDocument,
  view: DocumentReader,
  { tenant, nowMs }: Facts,
  change: (admins: AdminsDocument) => AdminsDocument,
): Rejection | undefined {
  if (!admin) return undefined;
  const before = admins.read(view, tenant, tenant) ?? noAdmins;
  if (!locksOut(before, change(before), nowMs)) return undefined;
  return reject('LAST_ADMIN', 'this is the grant of the last administrator of the tenant');
}
