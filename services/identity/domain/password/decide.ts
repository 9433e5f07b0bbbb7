import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { credentials } from '#services/identity/domain/api-key/state.js';
import { accept, reject } from '#services/identity/domain/decision.js';
import { redeemed } from '#services/identity/domain/factor/redeemed.js';
import { factorsHeld } from '#services/identity/domain/factor/state.js';
import { livePrincipal } from '#services/identity/domain/principal/state.js';
import { isUsable, linksHeld } from '#services/identity/domain/upstream/state.js';
import type { PasswordCommand, RehashPassword, RemovePassword, SetPassword } from './commands.js';
import { passwords } from './state.js';
import type { PasswordDocument } from './state.js';

export function decidePassword(
  command: PasswordCommand,
  view: DocumentReader,
  facts: Facts,
): Decision {
  if (livePrincipal(view, facts.tenant, command.principal) === undefined) {
    return reject('NOT_FOUND', 'no such principal');
  }
  const current = passwords.read(view, facts.tenant, command.principal);
  switch (command.type) {
    case 'SetPassword':
      return set(command, current, view, facts);
    case 'RehashPassword':
      return rehash(command, current);
    case 'RemovePassword':
      return remove(command, current, view, facts);
  }
}

function set(
  command: SetPassword,
  current: PasswordDocument | undefined,
  view: DocumentReader,
  { tenant }: Facts,
): Decision {
  const { principal, hash, params, cause, mustChange, verifiedVersion, challenge } = command;
  const credential = current?.credential ?? command.credential;
  const document = credentials.read(view, tenant, credential);
  if (current === undefined && document !== undefined) {
    return reject('ALREADY_EXISTS', 'the credential exists');
  }
  if (cause === 'CHANGE') {
    const verified = current?.secret !== undefined && current.version === verifiedVersion;
    if (!verified || document?.status !== 'ACTIVE') {
      return reject('CREDENTIALS_REJECTED', 'the current password is not valid any more');
    }
  }
  if (challenge !== undefined && redeemed.read(view, tenant, challenge) !== undefined) {
    return reject('ALREADY_USED', 'this link was used before; ask for a new one');
  }
  const version = (current?.version ?? 0) + 1;
  const redemption = challenge === undefined ? {} : { challenge };
  const secret = { version, hash, params, cause, mustChange, ...redemption };
  return accept({ type: 'PasswordSet', principal, credential, ...secret });
}

/** What was verified may have been replaced meanwhile: then there is nothing to do. */
function rehash(command: RehashPassword, current: PasswordDocument | undefined): Decision {
  const { principal, version, hash, params } = command;
  if (current?.secret === undefined || current.version !== version) return accept();
  const { credential } = current;
  return accept({ type: 'PasswordRehashed', principal, credential, version, hash, params });
}

function remove(
  { principal, cause }: RemovePassword,
  current: PasswordDocument | undefined,
  view: DocumentReader,
  { tenant }: Facts,
): Decision {
  if (current?.secret === undefined) return reject('NOT_FOUND', 'the principal has no password');
  const passkey = factorsHeld(view, tenant, principal).some(
    ({ status, facts }) => status === 'ACTIVE' && facts.kind === 'PASSKEY',
  );
  const linked = linksHeld(view, tenant, principal).some((link) => isUsable(view, tenant, link));
  const alone = !passkey && !linked;
  if (cause === 'OWNER' && alone) {
    return reject('WRONG_STATE', 'nobody removes the last way to log in for oneself');
  }
  const { credential } = current;
  return accept(
    { type: 'PasswordRemoved', principal, credential, cause },
    { type: 'SessionsInvalidated', principal, cause },
  );
}
