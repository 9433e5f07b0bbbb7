import { Failure } from '#libs/errors/failure.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import {
  requireFresh,
  type CommandCall,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { strongestFactor } from '#services/identity/app/login/account-factors.js';
import { strengthOfMethods } from '#services/identity/app/login/assurance.js';
import {
  openLogin,
  ticketRefused,
  type LoginTicket,
} from '#services/identity/app/login/login-ticket.js';
import { isStanding, ownCall } from '#services/identity/app/session-standing.js';
import { findSession, findSessionById } from '#services/identity/app/sessions.js';
import { factorsHeld } from '#services/identity/domain/factor/state.js';

/** Who changes factors must have been verified within so long, ms (ASVS 5.0: 7.5.1). */
export const freshMs = 600_000;

/** Somebody who may change the factors of its own account. */
export interface FactorOwner {
  readonly tenant: string;
  readonly principal: string;
  /** What a ticket of an enrolment is bound to: this session, or this log-in. */
  readonly boundTo: string;
  /** The log-in that demands the enrolment, where it is one. */
  readonly login?: LoginTicket | undefined;
  /** Call of a command about the own factors, judged again at each attempt. */
  readonly call: (reason: string) => CommandCall;
}

export interface OwnerClaim {
  /** `lgs_…`; `''`: none. */
  readonly sessionToken: string;
  /** `''`: none. */
  readonly loginTicket: string;
}

/**
 * The owner of an account, by a session that was verified lately and as strongly as the account can be
 * (so that a weak factor removes no strong one), or by a log-in that demands a first factor. Rejects
 * CALLER_UNAUTHENTICATED, STEP_UP_REQUIRED, WRONG_STATE.
 */
export async function factorOwner(parts: IdentityParts, claim: OwnerClaim): Promise<FactorOwner> {
  requireFresh(parts);
  return claim.loginTicket === ''
    ? ownerBySession(parts, claim.sessionToken)
    : ownerByLogin(parts, claim.loginTicket);
}

async function ownerBySession(parts: IdentityParts, sessionToken: string): Promise<FactorOwner> {
  const session = await findSession(parts, sessionToken);
  if (session === undefined) {
    throw new Failure('CALLER_UNAUTHENTICATED', 'the credential of the caller is not accepted');
  }
  const { tenant, principal } = session;
  const permit: CommandCall['permit'] = () => {
    const current = findSessionById(parts, tenant, session.session);
    const fresh = current !== undefined && current.authTimeMs + freshMs > parts.clock.wallMs();
    const view = documentsOf(parts.ledger.state);
    const strong =
      strengthOfMethods(current?.amr ?? []) >= strongestFactor(view, tenant, principal);
    if (fresh && strong) return { permittedBy: [] };
    throw new Failure(
      'STEP_UP_REQUIRED',
      'prove your strongest factor again first (LoginService.StepUp): this changes how you log in',
    );
  };
  permit();
  const call = (reason: string): CommandCall => ownCall(session, { reason }, permit);
  return { tenant, principal, boundTo: session.session, call };
}

/** The password was right, and the account has nothing beside it yet. */
function ownerByLogin(parts: IdentityParts, text: string): FactorOwner {
  const login = openLogin(parts, text);
  if (login.session !== undefined) throw ticketRefused();
  const { tenant, principal } = login;
  const permit: CommandCall['permit'] = () => {
    const view = documentsOf(parts.ledger.state);
    const first = factorsHeld(view, tenant, principal).length === 0;
    if (first && isStanding(parts, login)) return { permittedBy: [] };
    throw ticketRefused();
  };
  permit();
  const call = (reason: string): CommandCall => ownCall(login, { reason }, permit);
  return { tenant, principal, boundTo: login.login, login, call };
}
