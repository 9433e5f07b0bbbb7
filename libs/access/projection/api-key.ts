/** What a credential leaves of the rights of its principal. */
export interface CredentialLimits {
  /** Permission patterns; empty: no limit. */
  readonly scopes: readonly string[];
  /** Only resources under it; `''`: no limit. */
  readonly resourcePrefix: string;
  /** ms since the Unix epoch; `Infinity`: never. */
  readonly expiresAtMs: number;
  /** Issued while the ledger could not be asked: SENSITIVE permissions refuse it. */
  readonly issuedInOutage?: boolean | undefined;
}

/** A credential that leaves its principal's rights as they are. */
export const unlimited: CredentialLimits = Object.freeze({
  scopes: Object.freeze([]),
  resourcePrefix: '',
  expiresAtMs: Number.POSITIVE_INFINITY,
});

export interface ApiKey {
  readonly credential: string;
  /** SHA-256 of the key text, base64url. */
  readonly sha256: string;
  /** Index of the tenant. */
  readonly tenant: number;
  /** Row of the principal. */
  readonly principal: number;
  /** Position of the ApiKeyCreated: what the watermarks are compared with. */
  readonly authPosition: number;
  /** Its expiry is the earlier of the key's own and the end of a rotation's overlap. */
  limits: CredentialLimits;
  /** End of the overlap with the key that replaced this one; `Infinity`: not replaced. */
  replacedAtMs: number;
  /** Position of the ApiKeyCreated that replaced it; −1: not replaced. */
  replacedAt: number;
  /** Position of the ApiKeyRevoked; −1: not revoked. */
  revokedAt: number;
}
