import { Failure } from '#libs/errors/failure.js';
import { documentsOf, parseLoginName } from '#services/identity/app/accounts.js';
import { openEnrolment, sealEnrolment } from '#services/identity/app/factors/enrolment-ticket.js';
import type { FactorOwner } from '#services/identity/app/factors/factor-owner.js';
import {
  execute,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { factorRejected } from '#services/identity/app/login/check-factor.js';
import { countTry } from '#services/identity/app/login/counted-tries.js';
import { sendCodeTo } from '#services/identity/app/login/send-code.js';
import { loginNames } from '#services/identity/domain/login-name/state.js';

interface NameTicket {
  readonly blindIndex: string;
  readonly challenge: string;
}

/**
 * Sends a code to a login name that is a mail address and was typed by somebody else. Rejects NOT_FOUND
 * for a name that is not the owner's, ALREADY_EXISTS where it is verified, WRONG_STATE, TOO_MANY_REQUESTS.
 */
export async function startNameVerification(
  parts: IdentityParts,
  owner: FactorOwner,
  typed: string,
): Promise<{ readonly ticket: string }> {
  const { tenant, principal } = owner;
  const view = documentsOf(parts.ledger.state);
  const parsed = parseLoginName(typed);
  const blindIndex = parsed && (await parts.loginNames.indexOf(tenant, parsed));
  const name = blindIndex === undefined ? undefined : loginNames.read(view, tenant, blindIndex);
  const context = { class: 'PROFILE', tenant, principal } as const;
  const own = name?.principal === principal && name.kind === 'EMAIL' ? name : undefined;
  const bytes = own && (await parts.secrets.open(own.value, context));
  if (own === undefined || bytes === undefined || blindIndex === undefined) {
    throw new Failure('NOT_FOUND', 'the principal has no such address');
  }
  if (own.verified) throw new Failure('ALREADY_EXISTS', 'the address is verified');
  const address = Buffer.from(bytes).toString('utf8');
  const message = { address, channel: 'EMAIL', kind: 'VERIFY' } as const;
  const challenge = await sendCodeTo(parts, owner, message);
  const content: NameTicket = { blindIndex, challenge };
  return { ticket: sealEnrolment(parts, owner, 'NAME', content) };
}

/** Rejects CREDENTIALS_REJECTED, LIMIT_REACHED, ALREADY_USED, WRONG_STATE. */
export async function confirmNameVerification(
  parts: IdentityParts,
  owner: FactorOwner,
  { ticket, code }: { readonly ticket: string; readonly code: string },
): Promise<Executed> {
  const { rest } = openEnrolment<NameTicket>(parts, owner, 'NAME', ticket);
  const { tenant, principal } = owner;
  const { blindIndex, challenge } = rest;
  const right = await countTry(parts, { tenant, principal, countOn: challenge, issued: true });
  if (parts.proofs.codes.hash(challenge, code) !== right) throw factorRejected();
  const command = { type: 'VerifyLoginName', principal, blindIndex, challenge } as const;
  return execute(parts, owner.call('address verified'), command);
}
