/** Brakes on guessing: in memory, of fixed size, before any work is done and without any append. */
export interface AttemptLimits {
  /**
   * Takes one attempt of this source (a peer address as gRPC names it; `undefined`: one that is
   * trusted to brake by itself) on this account (any stable text). Throws TOO_MANY_REQUESTS with `retryAfterMs`. The result gives the account's attempt
   * back: call it when the password was right.
   */
  take(source: string | undefined, account: string): () => void;
}
