import { documentsOf } from '#services/identity/app/accounts.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { acrOneFactor, acrTwoFactors } from '#services/identity/app/login/assurance.js';
import {
  stepUpSession,
  type Session,
  type StartedSession,
} from '#services/identity/app/sessions.js';
import {
  redeemUpstream,
  type UpstreamReturn,
} from '#services/identity/app/upstream/return-upstream.js';
import { credentialsRejected } from '#services/identity/app/verify-password.js';
import { factorsHeld } from '#services/identity/domain/factor/state.js';
import { linkedPrincipal } from '#services/identity/domain/upstream/state.js';

/**
 * Steps a session up by a provider that was asked to log the person in anew, and says when it did. As a
 * password it counts only for accounts that have nothing stronger. Rejects like `redeemUpstream`.
 */
export async function stepUpByUpstream(
  parts: IdentityParts,
  session: Session,
  back: Omit<UpstreamReturn, 'tenant' | 'use' | 'session' | 'again'>,
): Promise<StartedSession> {
  const { tenant, principal } = session;
  const bound = { tenant, session: session.session, use: 'STEP_UP', again: true } as const;
  const vouched = await redeemUpstream(parts, { ...back, ...bound });
  const { upstream, blindIndex, authTimeMs, twoFactors, amr, id } = vouched;
  const authPosition = parts.ledger.reader.position;
  const view = documentsOf(parts.ledger.state);
  const who = linkedPrincipal(view, tenant, { issuer: upstream.issuer, blindIndex });
  if (who !== principal || factorsHeld(view, tenant, principal).length > 0) {
    throw credentialsRejected();
  }
  return stepUpSession(parts, session, {
    credential: blindIndex,
    acr: twoFactors ? acrTwoFactors : acrOneFactor,
    amr,
    authTimeMs,
    authPosition,
    used: { challenge: id },
  });
}
