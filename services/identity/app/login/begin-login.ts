import { documentsOf } from '#services/identity/app/accounts.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import {
  factorChoices,
  needsSecondFactor,
  type FactorChoice,
} from '#services/identity/app/login/account-factors.js';
import { acrOneFactor, acrTwoFactors, methodsOf } from '#services/identity/app/login/assurance.js';
import { knownDevice } from '#services/identity/app/login/device-token.js';
import { sealLogin, type LoginTicket } from '#services/identity/app/login/login-ticket.js';
import type { VerifiedLogin } from '#services/identity/app/login/verified-login.js';
import { factorsHeld } from '#services/identity/domain/factor/state.js';
import { rehashPassword } from '#services/identity/app/passwords.js';
import { credentialsRejected, verifyPassword } from '#services/identity/app/verify-password.js';

export interface LoginClaim {
  /** Id or slug. */
  readonly tenant: string;
  readonly loginName: string;
  readonly password: string;
  /** Address of the peer. */
  readonly source: string;
  /** As an earlier log-in gave it; `''`: none. */
  readonly deviceToken: string;
  /** What the session is called in lists. */
  readonly label: string;
  readonly signal: AbortSignal;
}

/** What comes after a right password. */
export type LoginStand =
  | { readonly done: VerifiedLogin }
  | { readonly mustChangePassword: true }
  | {
      readonly ticket: string;
      readonly factors: readonly FactorChoice[];
      /** There is none to answer with, and the tenant wants one. */
      readonly enrolmentRequired: boolean;
    };

/**
 * The password first, and only then what the account has beside it: who does not know the password
 * learns nothing about its factors. Appends nothing. Rejects CREDENTIALS_REJECTED with one text.
 */
export async function beginLogin(parts: IdentityParts, claim: LoginClaim): Promise<LoginStand> {
  const { tenant, loginName, password, source, signal, deviceToken, label } = claim;
  const account = { loginName };
  const verified = await verifyPassword(parts, {
    tenant,
    account,
    password,
    source,
    signal,
    deviceToken,
  });
  if (verified === undefined) throw credentialsRejected();
  if (verified.outdated) {
    rehashPassword(parts, verified, password).catch((error: unknown) =>
      parts.log.warn({ err: error }, 'a password could not be hashed again'),
    );
  }
  if (verified.secret.mustChange) return { mustChangePassword: true };
  const { principal, credential, position: authPosition } = verified;
  const first: LoginTicket = {
    login: parts.ids.uuid(),
    tenant: verified.tenant,
    principal,
    credential,
    authPosition,
    authTimeMs: Math.trunc(parts.clock.wallMs()),
    amr: methodsOf('PASSWORD'),
    label,
  };
  return afterFirstFactor(parts, first, deviceToken);
}

/**
 * What an account needs when its password, or a provider elsewhere, has said who it is. `twoFactors`:
 * that was as much as two, which does for whoever has none here.
 */
export function afterFirstFactor(
  parts: IdentityParts,
  ticket: LoginTicket,
  deviceToken: string,
  twoFactors = false,
): LoginStand {
  const { tenant, principal } = ticket;
  const known = knownDevice(parts, ticket, deviceToken);
  const first: LoginTicket = { ...ticket, device: known?.device };
  const view = documentsOf(parts.ledger.state);
  const needed = needsSecondFactor(view, tenant, principal);
  const holdsNone = factorsHeld(view, tenant, principal).length === 0;
  if (twoFactors && holdsNone) return { done: { ...oneFactor(first), acr: acrTwoFactors } };
  if (!needed) return { done: oneFactor(first) };
  if (known?.remembered === true) return { done: { ...oneFactor(first), keptDevice: deviceToken } };
  const factors = factorChoices(view, tenant, principal);
  // A factor that is blocked still guards the account: only who never had one may enrol now.
  return { ticket: sealLogin(parts, first), factors, enrolmentRequired: holdsNone };
}

function oneFactor(ticket: LoginTicket): VerifiedLogin {
  const { tenant, principal, credential, amr, authTimeMs, authPosition, label, device } = ticket;
  const who = { tenant, principal, credential, label, device };
  return { ...who, acr: acrOneFactor, amr, authTimeMs, authPosition };
}
