import { documentsOf } from '#services/identity/app/accounts.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { factorChoices, type FactorChoice } from '#services/identity/app/login/account-factors.js';
import { withCloneDetection } from '#services/identity/app/login/answer-factor.js';
import { acrOneFactor, acrTwoFactors, methodsOf } from '#services/identity/app/login/assurance.js';
import { checkFactor, type FactorAnswer } from '#services/identity/app/login/check-factor.js';
import {
  openLogin,
  sealLogin,
  ticketRefused,
  type LoginTicket,
} from '#services/identity/app/login/login-ticket.js';
import {
  stepUpSession,
  type Session,
  type StartedSession,
  type Verified,
} from '#services/identity/app/sessions.js';
import { credentialsRejected, verifyPassword } from '#services/identity/app/verify-password.js';

/** The password counts only for accounts that have nothing stronger. */
export type StepUpAnswer = FactorAnswer | { readonly kind: 'PASSWORD'; readonly password: string };

/** Begins to verify again who holds the session. Empty `factors`: the password is asked for. */
export function beginStepUp(
  parts: IdentityParts,
  session: Session,
): { readonly ticket: string; readonly factors: readonly FactorChoice[] } {
  const { tenant, principal, credential, amr, label } = session;
  const ticket: LoginTicket = {
    login: parts.ids.uuid(),
    tenant,
    principal,
    credential,
    authPosition: parts.ledger.reader.position,
    authTimeMs: Math.trunc(parts.clock.wallMs()),
    amr,
    label,
    session: session.session,
    // Who holds a session is no stranger to the account; all its sessions are counted together.
    device: 'step-up',
  };
  const factors = factorChoices(documentsOf(parts.ledger.state), tenant, principal);
  return { ticket: sealLogin(parts, ticket), factors };
}

/**
 * Ends it: the session goes on with what was proved now, under a new token. `amr` says what was proved
 * now and not what once was, so that a weaker factor does not pass for a stronger one of before.
 */
export async function stepUp(
  parts: IdentityParts,
  session: Session,
  text: string,
  answer: StepUpAnswer,
  caller: { readonly source: string; readonly signal: AbortSignal },
): Promise<StartedSession> {
  const ticket = openLogin(parts, text);
  if (ticket.session !== session.session) throw ticketRefused();
  const proved =
    answer.kind === 'PASSWORD'
      ? await provedByPassword(parts, session, answer.password, caller)
      : await provedByFactor(parts, ticket, answer);
  const { tenant, principal } = session;
  const { used } = proved;
  return withCloneDetection(parts, { tenant, principal, used }, () =>
    stepUpSession(parts, session, proved),
  );
}

async function provedByFactor(
  parts: IdentityParts,
  ticket: LoginTicket,
  answer: FactorAnswer,
): Promise<Verified> {
  const authPosition = parts.ledger.reader.position;
  const { methods, used } = await checkFactor(parts, { ...ticket, countOn: ticket.login }, answer);
  const amr = [...methods, 'mfa'];
  const { credential } = ticket;
  const authTimeMs = Math.trunc(parts.clock.wallMs());
  return { credential, acr: acrTwoFactors, amr, authTimeMs, authPosition, used };
}

async function provedByPassword(
  parts: IdentityParts,
  { tenant, principal }: Session,
  password: string,
  { source, signal }: { readonly source: string; readonly signal: AbortSignal },
): Promise<Verified> {
  const account = { principal };
  const verified = await verifyPassword(parts, { tenant, account, password, source, signal });
  const view = documentsOf(parts.ledger.state);
  if (verified === undefined || factorChoices(view, tenant, principal).length > 0) {
    throw credentialsRejected();
  }
  const authTimeMs = Math.trunc(parts.clock.wallMs());
  const { credential, position: authPosition } = verified;
  return { credential, acr: acrOneFactor, amr: methodsOf('PASSWORD'), authTimeMs, authPosition };
}
