/** Brakes on guessing: in memory, of fixed size, before any work is done and without any append. */
export interface AttemptLimits {
  /**
   * Takes one attempt of this source (a peer address as gRPC names it; `undefined`: one that is
   * trusted to brake by itself) on this account (any stable text). `device`: one that has logged in to
   * the account before, by its sealed token. Throws TOO_MANY_REQUESTS with `retryAfterMs`.
   */
  take(source: string | undefined, account: string, device?: string): Attempt;
}

export interface Attempt {
  /** This source, or this device, has logged in to this account before. */
  readonly known: boolean;
  /** The password was right: it does not count against the account. */
  right(): void;
  /** No password was compared: it counts against the source only. */
  uncompared(): void;
}
