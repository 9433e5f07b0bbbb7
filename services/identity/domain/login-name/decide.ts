import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { accept, reject } from '#services/identity/domain/decision.js';
import { livePrincipal } from '#services/identity/domain/principal/state.js';
import type { PrincipalDocument } from '#services/identity/domain/principal/state.js';
import { redeemed } from '#services/identity/domain/factor/redeemed.js';
import type {
  AddLoginName,
  LoginNameCommand,
  RemoveLoginName,
  VerifyLoginName,
} from './commands.js';
import { loginNames, loginNamesOf, mostLoginNames } from './state.js';

export function decideLoginName(
  command: LoginNameCommand,
  view: DocumentReader,
  facts: Facts,
): Decision {
  const principal = livePrincipal(view, facts.tenant, command.principal);
  if (principal === undefined) return reject('NOT_FOUND', 'no such principal');
  const held = loginNamesOf.read(view, facts.tenant, command.principal)?.blindIndexes ?? [];
  switch (command.type) {
    case 'AddLoginName':
      return add(command, held, view, facts);
    case 'RemoveLoginName':
      return remove(command, principal, held, view, facts);
    case 'VerifyLoginName':
      return verify(command, view, facts);
  }
}

function add(
  { principal, loginName }: AddLoginName,
  held: readonly string[],
  view: DocumentReader,
  { tenant }: Facts,
): Decision {
  const claimed = loginNames.read(view, tenant, loginName.blindIndex);
  if (claimed?.principal === principal) {
    return reject('ALREADY_EXISTS', 'the principal has this login name');
  }
  if (claimed !== undefined) return reject('NAME_TAKEN', 'the login name is taken');
  if (held.length >= mostLoginNames) {
    return reject('LIMIT_REACHED', `a principal has at most ${mostLoginNames} login names`);
  }
  return accept({ type: 'LoginNameAdded', principal, loginName });
}

function remove(
  { principal, blindIndex }: RemoveLoginName,
  { kind }: PrincipalDocument,
  held: readonly string[],
  view: DocumentReader,
  { tenant }: Facts,
): Decision {
  if (loginNames.read(view, tenant, blindIndex)?.principal !== principal) {
    return reject('NOT_FOUND', 'the principal has no such login name');
  }
  if (kind === 'USER' && held.length === 1) {
    return reject('WRONG_STATE', 'a user keeps at least one login name; add another first');
  }
  return accept({ type: 'LoginNameRemoved', principal, blindIndex });
}

function verify(
  { principal, blindIndex, challenge }: VerifyLoginName,
  view: DocumentReader,
  { tenant }: Facts,
): Decision {
  const name = loginNames.read(view, tenant, blindIndex);
  if (name?.principal !== principal || name.kind !== 'EMAIL') {
    return reject('NOT_FOUND', 'the principal has no such address');
  }
  if (name.verified) return reject('ALREADY_EXISTS', 'the address is verified');
  if (redeemed.read(view, tenant, challenge) !== undefined) {
    return reject('ALREADY_USED', 'this code has been used');
  }
  return accept({ type: 'LoginNameVerified', principal, blindIndex, challenge });
}
