import { createHash } from 'node:crypto';
import { documentsOf } from '#services/identity/app/accounts.js';
import {
  execute,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { openEnrolment, sealEnrolment } from '#services/identity/app/factors/enrolment-ticket.js';
import type { FactorOwner } from '#services/identity/app/factors/factor-owner.js';
import { accountNameOf } from '#services/identity/app/login/account-name.js';
import { factorRejected } from '#services/identity/app/login/check-factor.js';
import { newNonce } from '#services/identity/app/login/choose-factor.js';
import { factorsHeld } from '#services/identity/domain/factor/state.js';

interface PasskeyTicket {
  readonly nonce: string;
}

/** Options of a new passkey. Those that the account has already are told, so that none comes twice. */
export async function startPasskey(
  parts: IdentityParts,
  owner: FactorOwner,
): Promise<{ readonly ticket: string; readonly passkeyOptions: string }> {
  const { tenant, principal } = owner;
  const nonce = newNonce(parts);
  const name = await accountNameOf(parts, owner);
  const held = factorsHeld(documentsOf(parts.ledger.state), tenant, principal).flatMap(
    ({ facts }) => (facts.kind === 'PASSKEY' ? [facts] : []),
  );
  // The handle is the principal's id: it is no personal data, and the same for all its passkeys.
  const user = { handle: Buffer.from(principal, 'utf8'), name, displayName: name };
  const passkeyOptions = await parts.proofs.passkeys.creationOptions(user, nonce, held);
  const content: PasskeyTicket = { nonce: Buffer.from(nonce).toString('base64url') };
  return { ticket: sealEnrolment(parts, owner, 'PASSKEY', content), passkeyOptions };
}

/** Rejects CREDENTIALS_REJECTED for an answer to anything but our own challenge. */
export async function confirmPasskey(
  parts: IdentityParts,
  owner: FactorOwner,
  given: { readonly ticket: string; readonly json: string; readonly name: string },
): Promise<Executed> {
  const { id, rest } = openEnrolment<PasskeyTicket>(parts, owner, 'PASSKEY', given.ticket);
  const challenge = Buffer.from(rest.nonce, 'base64url');
  const passkey = await parts.proofs.passkeys.verifyCreation(given.json, challenge);
  if (passkey === undefined) throw factorRejected();
  const idBytes = Buffer.from(passkey.webauthnId, 'base64url');
  return execute(parts, owner.call('passkey'), {
    type: 'RegisterPasskey',
    principal: owner.principal,
    credential: parts.ids.uuid(),
    name: given.name,
    challenge: id,
    ...passkey,
    idSha256: createHash('sha256').update(idBytes).digest('base64url'),
    discoverable: true,
  });
}
