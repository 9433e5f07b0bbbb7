import type { Context } from 'hono';
import { Failure } from '#libs/errors/failure.js';
import { executedEvent } from '#services/identity/app/executed-event.js';
import { generateRecoveryCodes } from '#services/identity/app/factors/recovery-codes.js';
import { twoFactors } from '#services/identity/app/login/answer-factor.js';
import { methodsOf, passkeyMethods } from '#services/identity/app/login/assurance.js';
import { ownCall } from '#services/identity/app/session-standing.js';
import { finish, type LoginPlace } from '../login/login-place.js';
import type { PagesContext } from '../pages-context.js';
import { RecoveryCodesPage } from './enrol-pages.js';
import type { Enrolled } from './enrol-routes.js';

/** A login that demanded a factor is over with it; recovery codes are shown on the way out. */
export async function afterEnrolment(
  pages: PagesContext,
  c: Context,
  place: LoginPlace,
  enrolled: Enrolled,
): Promise<Response> {
  const { owner, view } = enrolled;
  if (owner.login === undefined) throw new Failure('WRONG_STATE', 'no login demands this');
  const login = twoFactors(owner.login, provedBy(enrolled));
  const onward = await finish(pages, c, place, login);
  const { tenant, principal } = owner;
  const call = ownCall({ tenant, principal }, { reason: 'recovery codes' });
  const { codes } = await generateRecoveryCodes(pages.parts, call, principal);
  const next = onward.headers.get('location') ?? place.tenant.path;
  return c.html(<RecoveryCodesPage {...{ view, codes, next }} />);
}

/** Whoever enrolled it has just proved it. */
function provedBy({ kind, executed: { events } }: Enrolled): Parameters<typeof twoFactors>[1] {
  const rest = { proof: kind, used: {} } as const;
  if (kind === 'PASSKEY') {
    const { credential, backupEligible, userVerified } = executedEvent(events, 'PasskeyRegistered');
    const methods = passkeyMethods(backupEligible, userVerified);
    return { ...rest, credential, methods, userVerified };
  }
  const type = kind === 'TOTP' ? 'TotpEnrolled' : 'OtpChannelEnrolled';
  const { credential } = executedEvent(events, type);
  return { ...rest, credential, methods: methodsOf(kind), userVerified: false };
}
