import { createHash } from 'node:crypto';
import { documentsOf, activeTenant } from '#services/identity/app/accounts.js';
import { requireFresh, type IdentityParts } from '#services/identity/app/identity-parts.js';
import { activeFactors } from '#services/identity/app/login/account-factors.js';
import { acrTwoFactors } from '#services/identity/app/login/assurance.js';
import { factorRejected, provePasskey } from '#services/identity/app/login/check-factor.js';
import { newNonce } from '#services/identity/app/login/choose-factor.js';
import { loginMs, ticketRefused } from '#services/identity/app/login/login-ticket.js';
import type { VerifiedLogin } from '#services/identity/app/login/verified-login.js';
import { passkeys } from '#services/identity/domain/factor/state.js';

interface PasskeyTicket {
  readonly nonce: string;
  readonly label: string;
}

/** Asks any passkey of this site; whose it is, its answer says. Nothing is written. */
export async function startPasskeyLogin(
  parts: IdentityParts,
  label: string,
): Promise<{ readonly ticket: string; readonly passkeyOptions: string }> {
  const nonce = newNonce(parts);
  const passkeyOptions = await parts.proofs.passkeys.requestOptions(nonce, [], 'required');
  const content: PasskeyTicket = { nonce: Buffer.from(nonce).toString('base64url'), label };
  const expiresAtMs = Math.trunc(parts.clock.wallMs()) + loginMs;
  const ticket = parts.proofs.tickets.seal('passkey login', content, expiresAtMs);
  return { ticket, passkeyOptions };
}

/**
 * A passkey alone, which must have verified its user (by fingerprint, face or number): two factors in
 * one. Rejects CREDENTIALS_REJECTED with one text.
 */
export async function finishPasskeyLogin(
  parts: IdentityParts,
  claim: { readonly ticket: string; readonly tenant: string; readonly json: string },
): Promise<VerifiedLogin> {
  requireFresh(parts);
  const opened = parts.proofs.tickets.open('passkey login', claim.ticket, parts.clock.wallMs());
  if (opened === undefined) throw ticketRefused();
  const { nonce, label } = opened.content as PasskeyTicket;
  const view = documentsOf(parts.ledger.state);
  const authPosition = parts.ledger.reader.position;
  const tenant = activeTenant(view, claim.tenant);
  const webauthnId = parts.proofs.passkeys.claimed(claim.json)?.webauthnId;
  if (tenant === undefined || webauthnId === undefined) throw factorRejected();
  const known = passkeys.read(view, tenant, sha256(Buffer.from(webauthnId, 'base64url')));
  const factor =
    known &&
    activeFactors(view, tenant, known.principal).find((one) => one.credential === known.credential);
  if (known === undefined || factor === undefined) throw factorRejected();
  const proved = await provePasskey(parts, { tenant }, factor, nonce, claim.json);
  if (!proved.userVerified) throw factorRejected();
  return {
    tenant,
    principal: known.principal,
    credential: known.credential,
    acr: acrTwoFactors,
    amr: proved.methods,
    authTimeMs: Math.trunc(parts.clock.wallMs()),
    authPosition,
    used: proved.used,
    label,
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
