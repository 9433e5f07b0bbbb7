import type { Cause, PasswordCause } from './closed-sets.js';
import type { VaultRef } from './vault-ref.js';

export interface PasswordSet {
  readonly type: 'PasswordSet';
  readonly principal: string;
  readonly credential: string;
  /** Counts up with each PasswordSet of the principal; the first is 1. */
  readonly version: number;
  /** The sealed argon2id hash in PHC string format. */
  readonly hash: VaultRef;
  /** The argon2 parameters in clear (`m=19456,t=2,p=1`), so that rehashing can be decided. */
  readonly params: string;
  readonly cause: PasswordCause;
  readonly mustChange: boolean;
  /** What was redeemed for it (a reset link), and cannot be redeemed again. */
  readonly challenge?: string | undefined;
}
export interface PasswordRehashed {
  readonly type: 'PasswordRehashed';
  readonly principal: string;
  readonly credential: string;
  readonly version: number;
  readonly hash: VaultRef;
  readonly params: string;
}
export interface PasswordRemoved {
  readonly type: 'PasswordRemoved';
  readonly principal: string;
  readonly credential: string;
  readonly cause: Cause;
}
export interface ApiKeyCreated {
  readonly type: 'ApiKeyCreated';
  readonly principal: string;
  readonly credential: string;
  /** The first 8 characters after the `lgk_` marker, for recognition only. */
  readonly prefix: string;
  /** SHA-256 of the whole key text. */
  readonly sha256: string;
  readonly name: string;
  /** Permission patterns that limit what the principal's roles allow; empty: no limit. */
  readonly scopes: readonly string[];
  readonly resourcePrefix?: string | undefined;
  readonly expiresAtMs?: number | undefined;
  /** Rotation: the credential that this one replaces stays valid until `overlapUntilMs`. */
  readonly replaces?: string | undefined;
  readonly overlapUntilMs?: number | undefined;
}
export interface ApiKeyRevoked {
  readonly type: 'ApiKeyRevoked';
  readonly principal: string;
  readonly credential: string;
  readonly cause: Cause;
}
export interface CredentialRenamed {
  readonly type: 'CredentialRenamed';
  readonly principal: string;
  readonly credential: string;
  readonly name: string;
}
export interface CredentialBlocked {
  readonly type: 'CredentialBlocked';
  readonly principal: string;
  readonly credential: string;
  readonly cause: Cause;
}
export interface CredentialUnblocked {
  readonly type: 'CredentialUnblocked';
  readonly principal: string;
  readonly credential: string;
}
