/** Slow, salted password hashing. Every call that hashes costs the same, whoever is asked about. */
export interface PasswordHasher {
  /** The parameters new hashes are made with, in PHC notation (`argon2id$m=19456,t=2,p=1`). */
  readonly params: string;
  /** PHC string of a new hash. Rejects OVERLOADED (with `retryAfterMs`) when the queue is full. */
  hash(password: string, signal?: AbortSignal): Promise<string>;
  /**
   * Whether the password matches. Without a stored hash (unknown user, no password set) the same
   * work is done against a dummy, and the answer is `false`. Rejects like `hash`. A guess goes last:
   * it waits for all other work, which does not wait for it.
   */
  verify(
    stored: string | undefined,
    password: string,
    signal?: AbortSignal,
    rank?: 'first' | 'last',
  ): Promise<boolean>;
  /** True when the stored hash is weaker than what `hash` makes now. */
  needsRehash(stored: string): boolean;
}
