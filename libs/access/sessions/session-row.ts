import type { SessionFacts } from '#libs/events/catalogue.js';

/** What a decision needs to know of a session. Replaced as a whole, never changed. */
export interface SessionRow {
  readonly tenant: string;
  readonly session: string;
  readonly principal: string;
  /** `''`: it belongs to no client. */
  readonly client: string;
  /** What was verified first: when that dies, so does the session. */
  readonly credential: string;
  readonly acr: string;
  readonly amr: readonly string[];
  /** When the authentication that `acr` speaks of was, ms since the Unix epoch. */
  readonly authTimeMs: number;
  /** Position of L at which the credential was verified. */
  readonly authPosition: number;
  /** SHA-256 of its token (base64url); `''`: it has none. */
  readonly tokenSha256: string;
  readonly idleUntilMs: number;
  readonly expiresAtMs: number;
  /** Position of S of the record that it was first seen in. */
  readonly startedAt: number;
  /** Position of S of its last record. */
  readonly changedAt: number;
  /** Position of its end; −1: it has not been ended. */
  readonly endedAt: number;
}

/** A session as one of its records tells it. */
export function rowOf(facts: SessionFacts, tenant: string, position: number): SessionRow {
  return {
    tenant,
    session: facts.session,
    principal: facts.principal,
    client: facts.client ?? '',
    credential: facts.credential,
    acr: facts.acr,
    amr: facts.amr,
    authTimeMs: facts.authTimeMs,
    authPosition: facts.authPosition,
    tokenSha256: facts.tokenSha256 ?? '',
    idleUntilMs: facts.idleUntilMs,
    expiresAtMs: facts.expiresAtMs,
    startedAt: position,
    changedAt: position,
    endedAt: -1,
  };
}

/** Of a session whose beginning is no longer in the ledger: nothing is known but that it is over. */
export function endedRow(
  facts: { readonly session: string; readonly principal: string; readonly expiresAtMs: number },
  tenant: string,
  position: number,
): SessionRow {
  return {
    tenant,
    session: facts.session,
    principal: facts.principal,
    client: '',
    credential: '',
    acr: '',
    amr: [],
    authTimeMs: 0,
    authPosition: -1,
    tokenSha256: '',
    idleUntilMs: facts.expiresAtMs,
    expiresAtMs: facts.expiresAtMs,
    startedAt: position,
    changedAt: position,
    endedAt: position,
  };
}
