/** A client showed a signed assertion (RFC 7523): it counts once. */
export interface UseAssertion {
  readonly type: 'UseAssertion';
  readonly client: string;
  /** SHA-256 of its `jti`. */
  readonly jtiSha256: string;
  /** ms since the Unix epoch. */
  readonly expiresAtMs: number;
}
