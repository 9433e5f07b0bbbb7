import { Failure, invalid } from '#libs/errors/failure.js';
import { documentsOf, parseLoginName } from '#services/identity/app/accounts.js';
import {
  execute,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { openEnrolment, sealEnrolment } from '#services/identity/app/factors/enrolment-ticket.js';
import type { FactorOwner } from '#services/identity/app/factors/factor-owner.js';
import { factorRejected } from '#services/identity/app/login/check-factor.js';
import { countTry } from '#services/identity/app/login/counted-tries.js';
import { sendCodeTo } from '#services/identity/app/login/send-code.js';
import { sealing } from '#services/identity/app/sealing.js';
import { factorPolicy } from '#services/identity/domain/factor/policy.js';

/** ITU E.164. */
const PHONE = /^\+[1-9]\d{6,14}$/u;

interface ChannelTicket {
  readonly channel: 'SMS' | 'EMAIL';
  readonly address: string;
  readonly challenge: string;
}

/** What is wrong with a number, or a mail address. */
export function addressProblem(channel: 'SMS' | 'EMAIL', address: string): string | undefined {
  if (channel === 'SMS') {
    return PHONE.test(address) ? undefined : 'is not a number such as +491701234567';
  }
  return parseLoginName(address)?.kind === 'EMAIL' ? undefined : 'is not a mail address';
}

/** Sends a code there. Rejects INVALID_ARGUMENT, WRONG_STATE, TOO_MANY_REQUESTS. */
export async function startOtpChannel(
  parts: IdentityParts,
  owner: FactorOwner,
  channel: 'SMS' | 'EMAIL',
  address: string,
): Promise<{ readonly ticket: string }> {
  const description = addressProblem(channel, address);
  if (description !== undefined) throw invalid({ field: 'address', description });
  const view = documentsOf(parts.ledger.state);
  if (!factorPolicy(view, owner.tenant).allowed.includes(channel)) {
    throw new Failure('WRONG_STATE', 'the tenant does not take factors of this kind');
  }
  const message = { address, channel, kind: 'VERIFY' } as const;
  const challenge = await sendCodeTo(parts, owner, message);
  const content: ChannelTicket = { channel, address, challenge };
  return { ticket: sealEnrolment(parts, owner, 'CHANNEL', content) };
}

/** Rejects CREDENTIALS_REJECTED, LIMIT_REACHED. */
export async function confirmOtpChannel(
  parts: IdentityParts,
  owner: FactorOwner,
  given: { readonly ticket: string; readonly code: string; readonly name: string },
): Promise<Executed> {
  const { rest } = openEnrolment<ChannelTicket>(parts, owner, 'CHANNEL', given.ticket);
  const { tenant, principal } = owner;
  const { address, channel, challenge } = rest;
  const right = await countTry(parts, { tenant, principal, countOn: challenge, issued: true });
  if (parts.proofs.codes.hash(challenge, given.code) !== right) throw factorRejected();
  return sealing(parts, async (sealed) => {
    const kind = channel === 'EMAIL' ? 'EMAIL' : 'USERNAME';
    const blindIndex = await parts.loginNames.indexOf(tenant, { kind, canonical: address });
    const context = { class: 'PROFILE', tenant, principal } as const;
    const ref = await sealed.secrets.seal(Buffer.from(address, 'utf8'), context);
    return execute(sealed, owner.call('codes by message'), {
      type: 'EnrolOtpChannel',
      principal,
      credential: parts.ids.uuid(),
      name: given.name,
      challenge,
      channel,
      blindIndex,
      address: ref,
    });
  });
}
