import type { VerifiedPassword } from '#libs/access/evaluate/credential-status.js';

export interface PasswordClaim {
  /** Tenant id. */
  readonly tenant: string;
  readonly username: string;
  readonly password: string;
}

export interface Barrier {
  /** Of L. */
  readonly position: number;
  /** Of S; −1: there is none. */
  readonly sessionPosition: number;
}

/**
 * What only identity can do. Both reject with a Failure (LEDGER_UNAVAILABLE, TOO_MANY_REQUESTS,
 * DEADLINE_EXCEEDED …) when it cannot be had within `timeoutMs`.
 */
export interface IdentityPort {
  /** `undefined`: user name or password are wrong. Nothing here is ever logged. */
  verifyPassword(claim: PasswordClaim, timeoutMs: number): Promise<VerifiedPassword | undefined>;
  /** Appends a barrier; resolves with positions that include everything before the call. */
  appendBarrier(timeoutMs: number): Promise<Barrier>;
}
