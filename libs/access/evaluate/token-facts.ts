/** What a token says of itself. The caller has verified its signature by the key of `kid`. */
export interface TokenFacts {
  readonly tenant: string;
  readonly principal: string;
  /** `''` for a token that was issued to no client. */
  readonly client: string;
  readonly kid: string;
  /** The credential that it was issued for: when that dies, so does the token. `''`: none is known. */
  readonly credential: string;
  /** Position in L at which the credential behind it was verified; NaN when the claim is absent. */
  readonly authPosition: number;
  /** ms since the Unix epoch. */
  readonly expiresAtMs: number;
  /** Issued while the ledger could not be asked. */
  readonly issuedInOutage?: boolean | undefined;
  /** Its place in ledger S; absent: it was issued before there was one. */
  readonly place?: TokenPlace | undefined;
}

/** What revocations in S, and withdrawn consents, are compared with. */
export interface TokenPlace {
  /** The `jti`. */
  readonly tokenId: string;
  /** Position of L at which it was issued. */
  readonly issuedAt: number;
  /** `''`: it belongs to no session, as with client credentials. */
  readonly session: string;
  /** `''`: it comes from no refresh family. */
  readonly family: string;
  /** Position of S that whoever judges it must have read; NaN when the claim is absent. */
  readonly position: number;
}
