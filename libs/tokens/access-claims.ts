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
  /** `S`: position of S that the state of whoever judges it must include; absent: none. */
  readonly sessionPosition?: number | undefined;
  /** `f`: refresh family that it comes from; when that is revoked, the token is dead. */
  readonly family?: string | undefined;
  /** `x`, as 1: issued while the ledger could not be asked. SENSITIVE permissions refuse it. */
  readonly issuedInOutage?: boolean | undefined;
}

/**
 * Claim `cnf` (RFC 7800): the key that whoever presents the token must prove to have. `jkt`: of DPoP
 * (RFC 9449 section 6.1); `x5t#S256`: of the client's certificate (RFC 8705 section 3.1).
 */
export interface Confirmation {
  readonly method: 'jkt' | 'x5t#S256';
  /** SHA-256 in base64url: 43 characters. */
  readonly thumbprint: string;
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
  /** `sid`: the session that it belongs to; when that ends, the token is dead. */
  readonly sessionId?: string | undefined;
  /** `client_id` (RFC 9068 section 2.2): the OAuth client that it was issued to. */
  readonly clientId?: string | undefined;
  /** How strongly the principal had authenticated (RFC 9470). */
  readonly acr?: string | undefined;
  readonly confirmation?: Confirmation | undefined;
  readonly ledger: LedgerClaim;
}
