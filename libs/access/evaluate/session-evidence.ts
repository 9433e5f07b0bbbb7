import {
  FAMILY_REVOKED,
  type ReasonCode,
  SESSION_ENDED,
  SESSION_EXPIRED,
  SESSION_IDLE,
  TOKEN_REVOKED,
} from '../reason-code.js';
import type { SessionRow } from '../sessions/session-row.js';
import type { SessionState } from '../sessions/session-state.js';
import type { TokenFacts } from './token-facts.js';

/** Positions of ledger S of the records behind a refusal of a token, as far as it is by S. */
export function placeEvidence(
  sessions: SessionState | undefined,
  code: ReasonCode,
  { tenant, place }: Pick<TokenFacts, 'tenant' | 'place'>,
): number[] {
  if (sessions === undefined || place === undefined) return [];
  const own = sessions.tenants.get(tenant);
  switch (code) {
    case TOKEN_REVOKED:
      return known(own?.tokens.get(place.tokenId)?.position);
    case FAMILY_REVOKED:
      return known(own?.families.get(place.family)?.position);
    default:
      return sessionEvidence(own?.sessions.get(place.session), code);
  }
}

/** The same for a session. */
export function sessionEvidence(session: SessionRow | undefined, code: ReasonCode): number[] {
  switch (code) {
    case SESSION_ENDED:
      return known(session?.endedAt);
    case SESSION_IDLE:
    case SESSION_EXPIRED:
      return known(session?.changedAt);
    default:
      return [];
  }
}

function known(position: number | undefined): number[] {
  return position === undefined || position < 0 ? [] : [position];
}
