/**
 * Claim `lg`: where in the ledger a token stands. Revocations are compared by position, never by
 * clock.
 */
export interface LedgerClaim {
  /** `e`: epoch number. */
  readonly epoch: number;
  /** `L`: position of L that the state of whoever judges this token must include. */
  readonly position: number;
  /** `a`: position of L at which the credential was verified. */
  readonly authPosition: number;
  /** `c`: id of the credential that was verified; when it is revoked or blocked, the token is dead. */
  readonly credential: string;
}

/** What an access token says (RFC 9068 section 2.2). Times in seconds since the Unix epoch. */
export interface AccessClaims {
  readonly issuer: string;
  /** Principal id. */
  readonly subject: string;
  /** Tenant id. */
  readonly tenant: string;
  readonly audience: string;
  readonly issuedAtS: number;
  readonly expiresAtS: number;
  readonly tokenId: string;
  /** Permission patterns that limit the token; undefined: no limit. */
  readonly scopes: readonly string[] | undefined;
  /** RFC 8176: `pwd`, …; `apikey` for service accounts. */
  readonly amr: readonly string[];
  readonly authTimeS: number;
  readonly ledger: LedgerClaim;
}
