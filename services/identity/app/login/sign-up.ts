import { Failure, invalid } from '#libs/errors/failure.js';
import {
  activeTenant,
  documentsOf,
  parseLoginName,
  principalByName,
} from '#services/identity/app/accounts.js';
import {
  requireFresh,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { ticketRefused } from '#services/identity/app/login/login-ticket.js';
import { requireMail, tenantNameOf } from '#services/identity/app/login/send-code.js';
import { passwordProblem } from '#services/identity/app/passwords.js';
import { registerPrincipal } from '#services/identity/app/principals.js';
import { tenantSettings } from '#services/identity/domain/tenant/state.js';

/** How long a link to make an account works, ms. */
export const signUpMs = 24 * 3_600_000;

interface SignUpTicket {
  readonly tenant: string;
  /** As it was typed. */
  readonly email: string;
  readonly locale: string;
}

export interface SignUpRequest {
  /** Id or slug. */
  readonly tenant: string;
  readonly email: string;
  /** BCP 47; `''`: not known. */
  readonly language: string;
  /** Address of the peer. */
  readonly source: string;
}

/**
 * Mails a link to make an account; to an address that has one, a word about it instead. The answer is
 * the same, and nothing is written. Throws WRONG_STATE where the tenant takes no sign-ups,
 * TOO_MANY_REQUESTS.
 */
export function requestSignUp(parts: IdentityParts, request: SignUpRequest): void {
  requireFresh(parts);
  const tenant = activeTenant(documentsOf(parts.ledger.state), request.tenant);
  requireSignUp(parts, tenant);
  requireMail(parts);
  const { email, source } = request;
  const canonical = parseLoginName(email)?.canonical ?? '';
  parts.proofs.mailLimits.take(source, JSON.stringify(['sign-up', tenant, canonical]));
  parts.clock.after(0, () => {
    void mailLink(parts, tenant, request).catch((error: unknown) =>
      parts.log.warn({ err: error }, 'a link to sign up could not be sent'),
    );
  });
}

function requireSignUp(parts: IdentityParts, tenant: string | undefined): asserts tenant is string {
  const view = documentsOf(parts.ledger.state);
  const allowed = tenant !== undefined && tenantSettings.read(view, tenant, tenant)?.selfSignUp;
  if (allowed === true && activeTenant(view, tenant) === tenant) return;
  throw new Failure('WRONG_STATE', 'accounts are made by an administrator here');
}

async function mailLink(
  parts: IdentityParts,
  tenant: string,
  { email, language }: SignUpRequest,
): Promise<void> {
  const name = parseLoginName(email);
  if (name?.kind !== 'EMAIL') return;
  const view = documentsOf(parts.ledger.state);
  const nowMs = Math.trunc(parts.clock.wallMs());
  const taken = await principalByName(view, parts.loginNames, tenant, name);
  const ticket: SignUpTicket = { tenant, email, locale: language };
  const token = parts.proofs.tickets.seal('sign-up', ticket, nowMs + signUpMs);
  const link = `${parts.proofs.publicUrl}/sign-up?token=${token}`;
  const content =
    taken === undefined
      ? ({ kind: 'SIGN_UP', link, validMs: signUpMs } as const)
      : ({ kind: 'SECURITY_NOTICE', notice: 'SIGNED_UP_AGAIN', atMs: nowMs } as const);
  const tenantName = tenantNameOf(parts, tenant);
  parts.delivery.mail.send({ tenant, tenantName, to: email, language, content });
}

/**
 * Makes the account that a link is for: the first record that is written. The address is verified, as
 * the link came by it. Rejects WRONG_STATE, ALREADY_USED, NAME_TAKEN, INVALID_ARGUMENT.
 */
export async function signUp(
  parts: IdentityParts,
  given: { readonly token: string; readonly displayName: string; readonly password: string },
  signal: AbortSignal,
): Promise<Executed> {
  requireFresh(parts);
  const opened = parts.proofs.tickets.open('sign-up', given.token, parts.clock.wallMs());
  if (opened === undefined) throw ticketRefused();
  const { tenant, email, locale } = opened.content as SignUpTicket;
  const name = parseLoginName(email);
  if (name === undefined) throw ticketRefused();
  requireSignUp(parts, tenant);
  const { password, displayName } = given;
  const contextWords = [email, email.split('@')[0] ?? ''];
  const field = 'password';
  const problem = passwordProblem(parts, { field, password, tenant, contextWords });
  if (problem !== undefined) throw invalid({ field, description: problem });
  const permit = () => {
    requireSignUp(parts, tenant);
    return { permittedBy: [] };
  };
  const head = { commandId: '', requestDigest: '', reason: 'sign-up', traceparent: '' };
  const actor = { tenant, principal: '' };
  return registerPrincipal(
    parts,
    { ...head, tenant, actor, permit },
    {
      kind: 'USER',
      names: [{ ...name, typed: email, verified: true }],
      profile: { displayName, locale },
      password: { text: password, mustChange: false },
      origin: 'SIGNUP',
      challenge: opened.id,
      signal,
    },
  );
}
