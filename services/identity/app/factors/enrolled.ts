import { Failure } from '#libs/errors/failure.js';
import type { FactorOwner } from '#services/identity/app/factors/factor-owner.js';
import type { Executed } from '#services/identity/app/identity-parts.js';
import {
  acrTwoFactors,
  methodsOf,
  passkeyMethods,
} from '#services/identity/app/login/assurance.js';
import type { VerifiedLogin } from '#services/identity/app/login/verified-login.js';

/**
 * What an enrolment came to. Where a log-in demanded it, the log-in is finished: its password was right,
 * and the new factor was proved a moment ago.
 */
export function enrolled(
  { login }: FactorOwner,
  { events }: Executed,
): { readonly credential: string; readonly login: VerifiedLogin | undefined } {
  for (const event of events) {
    const methods = methodsProved(event);
    if (methods === undefined || !('credential' in event)) continue;
    const { credential } = event;
    if (login === undefined) return { credential: credential ?? '', login: undefined };
    const { tenant, principal, authTimeMs, authPosition, label, device } = login;
    const who = { tenant, principal, credential: login.credential, label, device };
    const amr = [...login.amr, ...methods, 'mfa'];
    const used = { challenge: login.login };
    const verified = { ...who, acr: acrTwoFactors, amr, authTimeMs, authPosition, used };
    return { credential: credential ?? '', login: verified };
  }
  throw new Failure('INTERNAL', 'the record holds no enrolment');
}

function methodsProved(event: Executed['events'][number]): readonly string[] | undefined {
  if (event.type === 'TotpEnrolled') return methodsOf('TOTP');
  if (event.type === 'OtpChannelEnrolled') return methodsOf(event.channel);
  if (event.type !== 'PasskeyRegistered') return undefined;
  return passkeyMethods(event.backupEligible, event.userVerified);
}
