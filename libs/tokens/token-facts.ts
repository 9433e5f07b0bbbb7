import type { AccessClaims } from './access-claims.js';

/** What the evaluation (`libs/access`) is told of a token whose signature was verified. */
export interface ClaimedFacts {
  readonly tenant: string;
  readonly principal: string;
  readonly client: string;
  readonly kid: string;
  readonly credential: string;
  readonly authPosition: number;
  readonly expiresAtMs: number;
  readonly issuedInOutage: boolean;
  readonly place: {
    readonly tokenId: string;
    readonly issuedAt: number;
    readonly session: string;
    readonly family: string;
    /** NaN: the claim is absent. */
    readonly position: number;
  };
  /** Scope words; none: no limit, or a claim that is there and empty. */
  readonly scopes: readonly string[];
}

/** One mapping for whoever judges tokens, so that both services judge them alike. */
export function factsOf(claims: AccessClaims, kid: string): ClaimedFacts {
  const { ledger } = claims;
  return {
    tenant: claims.tenant,
    principal: claims.subject,
    client: claims.clientId ?? '',
    kid,
    credential: ledger.credential,
    authPosition: ledger.authPosition,
    expiresAtMs: claims.expiresAtS * 1000,
    issuedInOutage: ledger.issuedInOutage === true,
    place: {
      tokenId: claims.tokenId,
      issuedAt: ledger.position,
      session: claims.sessionId ?? '',
      family: ledger.family ?? '',
      position: ledger.sessionPosition ?? Number.NaN,
    },
    scopes: claims.scopes ?? [],
  };
}
