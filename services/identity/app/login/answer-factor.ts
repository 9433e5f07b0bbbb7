import { Failure } from '#libs/errors/failure.js';
import { execute, type IdentityParts } from '#services/identity/app/identity-parts.js';
import { acrTwoFactors } from '#services/identity/app/login/assurance.js';
import {
  checkFactor,
  factorRejected,
  type FactorAnswer,
  type ProvedFactor,
} from '#services/identity/app/login/check-factor.js';
import { makeReady } from '#services/identity/app/login/choose-factor.js';
import {
  openLogin,
  sealLogin,
  ticketRefused,
  type LoginTicket,
} from '#services/identity/app/login/login-ticket.js';
import type { VerifiedLogin } from '#services/identity/app/login/verified-login.js';
import { noticeTo } from '#services/identity/app/login/security-notice.js';
import { ownCall } from '#services/identity/app/session-standing.js';

/** The ticket takes the place of the one before. */
export async function chooseFactor(
  parts: IdentityParts,
  text: string,
  credential: string,
): Promise<{ readonly ticket: string; readonly passkeyOptions: string }> {
  const ticket = openLogin(parts, text);
  const { asked, passkeyOptions } = await makeReady(parts, ticket, credential);
  return { ticket: sealLogin(parts, { ...ticket, asked }), passkeyOptions };
}

/**
 * The second factor of a log-in whose password was right. Rejects CREDENTIALS_REJECTED, LIMIT_REACHED,
 * TOO_MANY_REQUESTS; what was used once is refused by the record of the session (ALREADY_USED).
 */
export async function answerFactor(
  parts: IdentityParts,
  text: string,
  answer: FactorAnswer,
): Promise<VerifiedLogin> {
  const ticket = openLogin(parts, text);
  if (ticket.session !== undefined) throw ticketRefused();
  const proved = await checkFactor(parts, { ...ticket, countOn: ticket.login }, answer);
  if (proved.proof === 'RECOVERY_CODE') noticeTo(parts, ticket, 'RECOVERY_CODE_USED');
  return twoFactors(ticket, proved);
}

export function twoFactors(ticket: LoginTicket, proved: ProvedFactor): VerifiedLogin {
  const { tenant, principal, credential, authPosition, label, device } = ticket;
  const amr = [...ticket.amr, ...proved.methods, 'mfa'];
  const { authTimeMs } = ticket;
  const who = { tenant, principal, credential, label, device };
  return { ...who, acr: acrTwoFactors, amr, authTimeMs, authPosition, used: proved.used };
}

/**
 * Runs what uses up a proof. A passkey whose counter went back was copied: it is blocked at once
 * (WebAuthn Level 3, 7.2, step 22).
 */
export async function withCloneDetection<T>(
  parts: IdentityParts,
  { tenant, principal, used }: Pick<VerifiedLogin, 'tenant' | 'principal' | 'used'>,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const passkey = used?.passkey;
    const cloned = error instanceof Failure && error.facts['counter'] !== undefined;
    if (passkey === undefined || !cloned) throw error;
    parts.log.warn({ credential: passkey.credential }, 'a passkey was copied: it is blocked');
    const call = ownCall({ tenant, principal }, { reason: 'its counter went back' });
    const { credential } = passkey;
    await execute(parts, call, { type: 'BlockCredential', credential, cause: 'CLONE_DETECTED' });
    throw factorRejected();
  }
}
