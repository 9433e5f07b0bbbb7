import type { EndpointAnswer } from './endpoint-answer.js';
import type { Reason } from './reasons.js';

/** Where an answer was given. */
export interface Answered {
  /** Last position of ledger L that it includes; -1: none. */
  readonly position: number;
  /** The same of ledger S. */
  readonly sessionPosition: number;
  /** Age of the proof that nothing newer was missed, ms. */
  readonly stalenessMs: number;
  /** The soft limit was passed: the answer stands, but may be old. */
  readonly stale: boolean;
}

/** `CANNOT_DECIDE` stands for neither: whoever is asked may not serve, and may ask again. */
export type Outcome = 'ALLOW' | 'DENY' | 'CANNOT_DECIDE';

/** One decision. `outcome === 'ALLOW'` is the only test for allow. */
export interface Answer {
  readonly outcome: Outcome;
  /** ALLOWED, or why not: one of docs/reasons.md. */
  readonly reason: Reason;
  /** Both empty when the credential belongs to nobody whom the caller may know of. */
  readonly tenant: string;
  readonly principal: string;
  /** Earliest time (ms since the Unix epoch) at which expiry alone can change it; Infinity: never. */
  readonly validUntilMs: number;
  readonly answered: Answered;
  readonly decisionId: string;
  /** Of a question about an endpoint. */
  readonly endpoint?: EndpointAnswer | undefined;
}

/** Who a credential belongs to. */
export interface Identity {
  readonly tenant: string;
  readonly principal: string;
  readonly principalKind: 'USER' | 'SERVICE';
  readonly credentialKind: 'PASSWORD' | 'API_KEY' | 'TOKEN' | 'SESSION';
  /** `''` for a token. */
  readonly credential: string;
  /** `''`: no session is behind it. */
  readonly session: string;
  /** `''`: it was issued to no client. */
  readonly client: string;
  /** `''`: nobody logs in with such a credential, or it does not say. */
  readonly acr: string;
  /** ms since the Unix epoch; NaN: not known. */
  readonly authTimeMs: number;
  readonly roles: readonly string[];
  /** Permission patterns; empty: no limit. */
  readonly scopes: readonly string[];
  readonly amr: readonly string[];
  /** ms since the Unix epoch; Infinity: does not expire. */
  readonly expiresAtMs: number;
}

export type Authentication =
  | { readonly identity: Identity; readonly answered: Answered }
  | { readonly identity: undefined; readonly reason: Reason; readonly answered: Answered };
