import { invalid } from '#libs/errors/failure.js';
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
import { languageOf } from '#services/identity/app/login/account-language.js';
import { ticketRefused } from '#services/identity/app/login/login-ticket.js';
import { mailAddresses, noticeTo } from '#services/identity/app/login/security-notice.js';
import { requireMail, tenantNameOf } from '#services/identity/app/login/send-code.js';
import {
  clearLoginNames,
  passwordProblem,
  storePassword,
} from '#services/identity/app/passwords.js';
import { ownCall } from '#services/identity/app/session-standing.js';
import { passwords } from '#services/identity/domain/password/state.js';
import { isActive, principals } from '#services/identity/domain/principal/state.js';

/** How long a link to set a new password works, ms. */
export const resetMs = 1_800_000;

interface ResetTicket {
  readonly tenant: string;
  readonly principal: string;
  /** Of the password that was forgotten: a link does not outlive it. */
  readonly version: number;
}

export interface ResetRequest {
  /** Id or slug. */
  readonly tenant: string;
  readonly loginName: string;
  /** BCP 47; `''`: as the account says. */
  readonly language: string;
  /** Address of the peer. */
  readonly source: string;
}

/**
 * Mails a link, if there is such an account with a mail address. Returns before it looks, so that
 * neither the answer nor its time tells anything (ASVS 5.0: 6.3.8). Writes nothing to a ledger.
 * Throws TOO_MANY_REQUESTS, for names that nobody has too; WRONG_STATE where there is no mail at all.
 */
export function requestReset(parts: IdentityParts, request: ResetRequest): void {
  requireFresh(parts);
  requireMail(parts);
  const { tenant, loginName, source } = request;
  const canonical = parseLoginName(loginName)?.canonical ?? '';
  // The same for every spelling of the tenant, its id too.
  const id = activeTenant(documentsOf(parts.ledger.state), tenant) ?? tenant;
  parts.proofs.mailLimits.take(source, JSON.stringify(['reset', id, canonical]));
  parts.clock.after(0, () => {
    void mailLink(parts, request).catch((error: unknown) =>
      parts.log.warn({ err: error }, 'a link to reset a password could not be sent'),
    );
  });
}

async function mailLink(parts: IdentityParts, request: ResetRequest): Promise<void> {
  const view = documentsOf(parts.ledger.state);
  const tenant = activeTenant(view, request.tenant);
  const name = parseLoginName(request.loginName);
  if (tenant === undefined || name === undefined) return;
  const principal = await principalByName(view, parts.loginNames, tenant, name);
  const document = principal === undefined ? undefined : principals.read(view, tenant, principal);
  const nowMs = Math.trunc(parts.clock.wallMs());
  if (principal === undefined || document === undefined || !isActive(document, nowMs)) return;
  const version = passwords.read(view, tenant, principal)?.version ?? 0;
  const ticket: ResetTicket = { tenant, principal, version };
  const token = parts.proofs.tickets.seal('password reset', ticket, nowMs + resetMs);
  const account = { tenant, principal };
  const language = request.language || (await languageOf(parts, account));
  const link = `${parts.proofs.publicUrl}/reset?token=${token}`;
  const content = { kind: 'RESET_PASSWORD', link, validMs: resetMs } as const;
  const tenantName = tenantNameOf(parts, tenant);
  for (const to of await mailAddresses(parts, account)) {
    parts.delivery.mail.send({ tenant, tenantName, to, language, content });
  }
}

/**
 * Sets a new password by a mailed link, which works once and only while the password is the one that
 * was forgotten. It removes no second factor and begins no session: whoever reads the mail of somebody
 * still has to answer what the account asks for. Rejects WRONG_STATE, ALREADY_USED, INVALID_ARGUMENT.
 */
export async function resetPassword(
  parts: IdentityParts,
  token: string,
  newPassword: string,
  signal: AbortSignal,
): Promise<Executed> {
  requireFresh(parts);
  const opened = parts.proofs.tickets.open('password reset', token, parts.clock.wallMs());
  if (opened === undefined) throw ticketRefused();
  const { tenant, principal, version } = opened.content as ResetTicket;
  const field = 'new_password';
  const contextWords = await clearLoginNames(parts, tenant, principal);
  const problem = passwordProblem(parts, {
    field,
    password: newPassword,
    tenant,
    contextWords,
    principal,
  });
  if (problem !== undefined) throw invalid({ field, description: problem });
  const permit = () => {
    const view = documentsOf(parts.ledger.state);
    const document = principals.read(view, tenant, principal);
    const current = passwords.read(view, tenant, principal)?.version ?? 0;
    const active = document !== undefined && isActive(document, parts.clock.wallMs());
    if (!active || current !== version) throw ticketRefused();
    return { permittedBy: [] };
  };
  const call = ownCall({ tenant, principal }, { reason: 'reset by mail' }, permit);
  const credential = parts.ids.uuid();
  const rest = { principal, credential, cause: 'RESET', mustChange: false } as const;
  const challenge = opened.id;
  const executed = await storePassword(parts, call, { ...rest, challenge }, newPassword, signal);
  noticeTo(parts, { tenant, principal }, 'PASSWORD_RESET');
  return executed;
}
