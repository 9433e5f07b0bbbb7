import { Failure } from '#libs/errors/failure.js';
import type { ChallengeKind } from '#libs/events/catalogue.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { executeSession, type IdentityParts } from '#services/identity/app/identity-parts.js';
import { triesPerLogin } from '#services/identity/app/login/counted-tries.js';
import { bindingOf } from '#services/identity/app/login/login-ticket.js';
import { languageOf } from '#services/identity/app/login/account-language.js';
import { ownCall } from '#services/identity/app/session-standing.js';
import type { OtpChannelFacts } from '#services/identity/domain/factor/facts.js';
import { tenants } from '#services/identity/domain/tenant/state.js';

/** How long a sent code is good, ms (SP 800-63B-4, 3.1.3.1). */
export const codeMs = 600_000;
/** Codes sent to an account within the window: more is somebody who pumps messages. */
const sendsInWindow = 5;
const sendWindowMs = 1_800_000;

interface CodeReceiver {
  readonly tenant: string;
  readonly principal: string;
  readonly device?: string | undefined;
}

/** Sends a code to a factor of an account. Resolves with the challenge that its tries are counted on. */
export async function sendCode(
  parts: IdentityParts,
  to: CodeReceiver,
  { credential, facts }: { readonly credential: string; readonly facts: OtpChannelFacts },
): Promise<string> {
  const { tenant, principal } = to;
  const context = { class: 'PROFILE', tenant, principal } as const;
  const bytes = await parts.secrets.open(facts.address, context);
  if (bytes === undefined) throw new Failure('NOT_FOUND', 'no such factor');
  const address = Buffer.from(bytes).toString('utf8');
  const kind = facts.kind === 'SMS' ? 'SMS_CODE' : 'EMAIL_CODE';
  return sendCodeTo(parts, to, { address, channel: facts.kind, kind, credential });
}

export interface CodeMessage {
  readonly address: string;
  readonly channel: 'SMS' | 'EMAIL';
  readonly kind: ChallengeKind;
  readonly credential?: string;
}

/** The challenge is written first: what is not counted is not sent. */
export async function sendCodeTo(
  parts: IdentityParts,
  to: CodeReceiver,
  { address, channel, kind, credential }: CodeMessage,
): Promise<string> {
  const { tenant, principal, device } = to;
  const sender = channel === 'SMS' ? parts.delivery.sms : parts.delivery.mail;
  if (!sender.available) {
    throw new Failure('WRONG_STATE', 'this installation cannot send such messages');
  }
  const challenge = parts.ids.uuid();
  const code = parts.proofs.codes.newCode();
  await executeSession(parts, ownCall(to), {
    type: 'IssueChallenge',
    challenge,
    kind,
    principal,
    ...(credential === undefined ? {} : { credential }),
    answerHash: parts.proofs.codes.hash(challenge, code),
    binding: bindingOf(challenge),
    tries: triesPerLogin,
    expiresAtMs: Math.trunc(parts.clock.wallMs()) + codeMs,
    ...(device === undefined ? {} : { device }),
    mostInWindow: sendsInWindow,
    windowMs: sendWindowMs,
  });
  sender.send({
    tenant,
    tenantName: tenantNameOf(parts, tenant),
    to: address,
    language: await languageOf(parts, to),
    content: { kind: kind === 'VERIFY' ? 'VERIFY_ADDRESS' : 'LOGIN_CODE', code, validMs: codeMs },
  });
  return challenge;
}

export function tenantNameOf(parts: IdentityParts, tenant: string): string {
  return tenants.read(documentsOf(parts.ledger.state), tenant, tenant)?.displayName ?? '';
}

/** Throws WRONG_STATE where this installation sends no mail: what needs it is not offered. */
export function requireMail({ delivery }: IdentityParts): void {
  if (delivery.mail.available) return;
  throw new Failure('WRONG_STATE', 'this installation sends no mail');
}
