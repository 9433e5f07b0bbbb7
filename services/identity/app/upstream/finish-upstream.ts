import { documentsOf } from '#services/identity/app/accounts.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { afterFirstFactor, type LoginStand } from '#services/identity/app/login/begin-login.js';
import { isStanding } from '#services/identity/app/session-standing.js';
import { newcomer } from '#services/identity/app/upstream/newcomer.js';
import {
  redeemUpstream,
  type UpstreamReturn,
} from '#services/identity/app/upstream/return-upstream.js';
import { credentialsRejected } from '#services/identity/app/verify-password.js';
import { linkedPrincipal } from '#services/identity/domain/upstream/state.js';

/**
 * Who came back from a provider, and what the account needs beside that: the same second factor as after
 * a password. Rejects WRONG_STATE, CREDENTIALS_REJECTED, NOT_FOUND when nobody here is linked to the
 * account there, NOT_READY.
 */
export async function finishUpstream(
  parts: IdentityParts,
  given: Omit<UpstreamReturn, 'use'> & {
    /** `''`: none. */
    readonly deviceToken: string;
    readonly label: string;
    readonly signal: AbortSignal;
  },
): Promise<LoginStand> {
  const { tenant, deviceToken, label, signal, ...back } = given;
  const vouched = await redeemUpstream(parts, { ...back, tenant, use: 'LOGIN' });
  const { upstream, identity, blindIndex, authTimeMs, twoFactors, amr, id } = vouched;
  const { issuer } = upstream;
  const authPosition = parts.ledger.reader.position;
  const view = documentsOf(parts.ledger.state);
  const known = linkedPrincipal(view, tenant, { issuer, blindIndex });
  const who =
    known === undefined
      ? await newcomer(parts, upstream, identity, blindIndex, signal)
      : { principal: known, position: authPosition };
  const first = {
    login: id,
    tenant,
    principal: who.principal,
    credential: blindIndex,
    authPosition: who.position,
    authTimeMs: Math.trunc(parts.clock.wallMs()),
    amr,
    label,
  };
  // Whoever is suspended is not asked for more.
  if (!isStanding(parts, first)) throw credentialsRejected();
  const stand = afterFirstFactor(parts, first, deviceToken, twoFactors);
  if (!('done' in stand)) return stand;
  // What counts is when the person was asked; and an answer counts once.
  return { done: { ...stand.done, authTimeMs, used: { challenge: id } } };
}
