import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import {
  admins,
  isAdmin,
  locksOut,
  noAdmins,
  withoutHolder,
  withSuspension,
} from '#services/identity/domain/admins.js';
import type { AdminsDocument } from '#services/identity/domain/admins.js';
import {
  accept,
  countProblem,
  futureProblem,
  refuseFields,
  reject,
} from '#services/identity/domain/decision.js';
import { credentials } from '#services/identity/domain/api-key/state.js';
import { redeemed } from '#services/identity/domain/factor/redeemed.js';
import {
  loginNames,
  loginNamesOf,
  mostLoginNames,
} from '#services/identity/domain/login-name/state.js';
import { linkRefused } from '#services/identity/domain/upstream/decide.js';
import { upstreams } from '#services/identity/domain/upstream/state.js';
import type {
  DeletePrincipal,
  PrincipalCommand,
  RegisterPrincipal,
  ResumePrincipal,
  SuspendPrincipal,
} from './commands.js';
import { livePrincipal, principals } from './state.js';
import type { PrincipalDocument } from './state.js';

export function decidePrincipal(
  command: PrincipalCommand,
  view: DocumentReader,
  facts: Facts,
): Decision {
  if (command.type === 'RegisterPrincipal') return register(command, view, facts);
  const { principal } = command;
  const document = livePrincipal(view, facts.tenant, principal);
  if (document === undefined) return reject('NOT_FOUND', 'no such principal');
  switch (command.type) {
    case 'ChangeProfile':
      return accept({ type: 'ProfileChanged', principal, profile: command.profile });
    case 'SuspendPrincipal':
      return suspend(command, document, view, facts);
    case 'ResumePrincipal':
      return resume(command, document, view, facts);
    case 'InvalidateSessions':
      return accept({ type: 'SessionsInvalidated', principal, cause: command.cause });
    case 'DeletePrincipal':
      return remove(command, view, facts);
  }
}

function register(command: RegisterPrincipal, view: DocumentReader, facts: Facts): Decision {
  const { principal, kind, profile, origin, password, challenge, link } = command;
  const indexes = command.loginNames.map((name) => name.blindIndex);
  const twice = new Set(indexes).size < indexes.length ? 'a name is given twice' : undefined;
  const none = kind === 'USER' && indexes.length === 0 ? 'a user needs one' : undefined;
  const refused = refuseFields([
    'login_names',
    none ?? twice ?? countProblem(indexes.length, mostLoginNames),
  ]);
  if (refused !== undefined) return refused;
  const credential = password?.credential;
  if (
    principals.read(view, facts.tenant, principal) !== undefined ||
    (credential !== undefined && credentials.read(view, facts.tenant, credential) !== undefined)
  ) {
    return reject('ALREADY_EXISTS', 'the principal exists');
  }
  if (challenge !== undefined && redeemed.read(view, facts.tenant, challenge) !== undefined) {
    return reject('ALREADY_USED', 'this link was used before; log in');
  }
  const taken = command.loginNames.find(
    (name) => loginNames.read(view, facts.tenant, name.blindIndex) !== undefined,
  );
  if (taken !== undefined) {
    return reject('NAME_TAKEN', 'the login name is taken', { kind: taken.kind });
  }
  const unlinkable = link && linkRefused(view, facts.tenant, link);
  if (unlinkable !== undefined) return unlinkable;
  if (link && upstreams.read(view, facts.tenant, link.provider)?.linkPolicy !== 'REGISTER') {
    return reject('WRONG_STATE', 'the provider makes no accounts');
  }
  const registered: DomainEvent = {
    type: 'PrincipalRegistered',
    principal,
    kind,
    profile,
    loginNames: command.loginNames,
    origin,
    ...(challenge === undefined ? {} : { challenge }),
  };
  const linked: readonly DomainEvent[] =
    link === undefined ? [] : [{ type: 'ExternalIdentityLinked', principal, ...link }];
  if (password === undefined) return accept(registered, ...linked);
  const causes = { SIGNUP: 'CHANGE', IMPORT: 'IMPORT', ADMIN: 'ADMIN', IDP: 'ADMIN' } as const;
  const cause = causes[origin];
  const first = { type: 'PasswordSet', principal, version: 1, cause, ...password } as const;
  return accept(registered, first, ...linked);
}

function suspend(
  { principal, untilMs }: SuspendPrincipal,
  document: PrincipalDocument,
  view: DocumentReader,
  facts: Facts,
): Decision {
  const refused = refuseFields(['until_ms', futureProblem(untilMs, facts.nowMs)]);
  if (refused !== undefined) return refused;
  if (document.status === 'SUSPENDED' && document.suspendedUntilMs === untilMs) return accept();
  const change = (it: AdminsDocument) => withSuspension(it, principal, true, untilMs);
  return unlessLastAdmin(principal, change, view, facts, (admin) => ({
    type: 'PrincipalSuspended',
    principal,
    untilMs,
    admin,
  }));
}

function resume(
  { principal }: ResumePrincipal,
  document: PrincipalDocument,
  view: DocumentReader,
  facts: Facts,
): Decision {
  if (document.status !== 'SUSPENDED') {
    return reject('WRONG_STATE', 'the principal is not suspended');
  }
  const admin = isAdmin(admins.read(view, facts.tenant, facts.tenant), principal);
  return accept({ type: 'PrincipalResumed', principal, admin });
}

function remove({ principal }: DeletePrincipal, view: DocumentReader, facts: Facts): Decision {
  const names = loginNamesOf.read(view, facts.tenant, principal);
  const change = (it: AdminsDocument) => withoutHolder(it, principal);
  return unlessLastAdmin(principal, change, view, facts, (admin) => ({
    type: 'PrincipalDeleted',
    principal,
    blindIndexes: names?.blindIndexes ?? [],
    admin,
  }));
}

/** Refuses a change that leaves the tenant without an administrator. */
function unlessLastAdmin(
  principal: string,
  change: (admins: AdminsDocument) => AdminsDocument,
  view: DocumentReader,
  { tenant, nowMs }: Facts,
  event: (admin: boolean) => DomainEvent,
): Decision {
  const before = admins.read(view, tenant, tenant) ?? noAdmins;
  if (locksOut(before, change(before), nowMs)) {
    return reject('LAST_ADMIN', 'this is the last administrator of the tenant');
  }
  return accept(event(isAdmin(before, principal)));
}
