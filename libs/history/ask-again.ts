import { passwordStatus, type VerifiedPassword } from '#libs/access/evaluate/credential-status.js';
import {
  decide,
  decideWithApiKey,
  decideWithToken,
  type Ask,
} from '#libs/access/evaluate/decide.js';
import type { TokenFacts } from '#libs/access/evaluate/token-facts.js';
import { suspendedUntil } from '#libs/access/evaluate/subject-status.js';
import type { ViewState } from '#libs/access/projection/view-state.js';
import {
  ALLOW,
  PRINCIPAL_SUSPENDED,
  reasonName,
  type ReasonName,
} from '#libs/access/reason-code.js';

/** Whom a decision was about, as far as it was recognised. */
export type AskedAbout =
  | { readonly kind: 'SUBJECT'; readonly tenant: string; readonly principal: string }
  /** SHA-256 of the key's text, base64url. */
  | { readonly kind: 'API_KEY'; readonly sha256: string }
  | {
      readonly kind: 'TOKEN';
      readonly facts: TokenFacts;
      /** Permission patterns; empty: no limit. */
      readonly scopes: readonly string[];
    }
  | { readonly kind: 'PASSWORD'; readonly password: VerifiedPassword };

export interface AnsweredAgain {
  readonly outcome: 'ALLOW' | 'DENY' | 'CANNOT_DECIDE';
  readonly reason: ReasonName;
  /** Earliest time at which expiry alone can change it; Infinity: never. */
  readonly validUntilMs: number;
}

/** Decides on a view of the past what an authorizer decided on that view: same outcome, same reason. */
export function askAgain(view: ViewState, about: AskedAbout, ask: Ask): AnsweredAgain {
  const { reason, validUntilMs } = decisionOn(view, about, ask);
  return { outcome: outcomeOf(reason), reason, validUntilMs };
}

/** What nobody could decide is neither. */
export function outcomeOf(reason: ReasonName): AnsweredAgain['outcome'] {
  if (reason === 'ALLOWED') return 'ALLOW';
  return reason === 'QUARANTINED' ? 'CANNOT_DECIDE' : 'DENY';
}

function decisionOn(
  view: ViewState,
  about: AskedAbout,
  ask: Ask,
): { readonly reason: ReasonName; readonly validUntilMs: number } {
  switch (about.kind) {
    case 'SUBJECT': {
      const { tenant, principal } = about;
      return decide(view, { tenant, principal, ...ask });
    }
    case 'API_KEY':
      return decideWithApiKey(view, about.sha256, ask);
    case 'TOKEN':
      return decideWithToken(view, undefined, { ...about.facts, scopes: about.scopes }, ask);
    case 'PASSWORD': {
      const { tenant, principal } = about.password;
      const status = passwordStatus(view, about.password, ask.nowMs);
      if (status === ALLOW) return decide(view, { tenant, principal, ...ask });
      const row = view.principalRow(tenant, principal);
      const until = status === PRINCIPAL_SUSPENDED ? suspendedUntil(view, row) : Infinity;
      return { reason: reasonName(status), validUntilMs: until };
    }
  }
}
