import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { accept, reject } from '#services/identity/domain/decision.js';
import { factorBlobs } from '#services/identity/domain/factor/state.js';
import { loginNamesOf } from '#services/identity/domain/login-name/state.js';
import { passwords } from '#services/identity/domain/password/state.js';
import { principals, profiles } from '#services/identity/domain/principal/state.js';
import type { ErasureCommand } from './commands.js';
import { erasures } from './state.js';

/**
 * A principal is deleted first: nobody seals anything for it after that, so the list is complete.
 * Erasing twice is erasing once.
 */
export function decideErasure(
  { principal }: ErasureCommand,
  view: DocumentReader,
  { tenant }: Facts,
): Decision {
  const document = principals.read(view, tenant, principal);
  if (document === undefined) return reject('NOT_FOUND', 'no such principal');
  if (document.status !== 'DELETED') {
    return reject('WRONG_STATE', 'delete the principal first: erasing cannot be taken back');
  }
  if (erasures.read(view, tenant, principal) !== undefined) return accept();
  const profile = profiles.read(view, tenant, principal);
  const names = loginNamesOf.read(view, tenant, principal);
  const password = passwords.read(view, tenant, principal);
  const current = [profile?.profile?.id, password?.secret?.hash.id];
  const vaultIds = [
    ...current.filter((id) => id !== undefined),
    ...[profile, names, password].flatMap((it) => it?.earlier ?? []),
    ...factorBlobs(view, tenant, principal),
  ];
  return accept({ type: 'SubjectErased', principal, vaultIds });
}
