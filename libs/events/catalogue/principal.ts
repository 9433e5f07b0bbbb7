import type { Cause, LoginNameKind, Origin, PrincipalKind } from './closed-sets.js';
import type { VaultRef } from './vault-ref.js';

export interface LoginName {
  readonly kind: LoginNameKind;
  /** HMAC of the canonical name under the tenant's blind-index key (base64url). */
  readonly blindIndex: string;
  readonly value: VaultRef;
  readonly verified: boolean;
}
export interface PrincipalRegistered {
  readonly type: 'PrincipalRegistered';
  readonly principal: string;
  readonly kind: PrincipalKind;
  readonly profile: VaultRef | undefined;
  readonly loginNames: readonly LoginName[];
  readonly origin: Origin;
  /** What was redeemed for it (a sign-up link), and cannot be redeemed again. */
  readonly challenge?: string | undefined;
}
export interface LoginNameAdded {
  readonly type: 'LoginNameAdded';
  readonly principal: string;
  readonly loginName: LoginName;
}
export interface LoginNameRemoved {
  readonly type: 'LoginNameRemoved';
  readonly principal: string;
  readonly blindIndex: string;
}
/** Whoever holds the principal has shown that it also holds the address. */
export interface LoginNameVerified {
  readonly type: 'LoginNameVerified';
  readonly principal: string;
  readonly blindIndex: string;
  /** What was redeemed for it, and cannot be redeemed again. */
  readonly challenge?: string | undefined;
}
/** An account at an upstream provider that logs in as the principal. */
export interface ExternalIdentityLinked {
  readonly type: 'ExternalIdentityLinked';
  readonly principal: string;
  readonly provider: string;
  readonly issuer: string;
  /** HMAC of the provider's `sub` under the tenant's blind-index key (base64url). */
  readonly blindIndex: string;
  readonly externalSubject: VaultRef;
}
export interface ExternalIdentityUnlinked {
  readonly type: 'ExternalIdentityUnlinked';
  readonly principal: string;
  readonly provider: string;
  readonly issuer: string;
  readonly blindIndex: string;
  readonly cause: Cause;
}
export interface ProfileChanged {
  readonly type: 'ProfileChanged';
  readonly principal: string;
  readonly profile: VaultRef | undefined;
}
export interface PrincipalSuspended {
  readonly type: 'PrincipalSuspended';
  readonly principal: string;
  /** Suspended until then (filtered at evaluation); absent: until resumed. */
  readonly untilMs?: number | undefined;
  /** The principal holds an admin grant: the last active admin cannot be suspended. */
  readonly admin: boolean;
}
export interface PrincipalResumed {
  readonly type: 'PrincipalResumed';
  readonly principal: string;
  readonly admin: boolean;
}
/** Everything issued to the principal before the own position is dead. */
export interface SessionsInvalidated {
  readonly type: 'SessionsInvalidated';
  readonly principal: string;
  readonly cause: Cause;
}
export interface PrincipalDeleted {
  readonly type: 'PrincipalDeleted';
  readonly principal: string;
  /** Blind indexes of the login names that become free. */
  readonly blindIndexes: readonly string[];
  readonly admin: boolean;
}
/**
 * What the vault held about a deleted principal is gone: nothing that the ledger ever named for it
 * can be read any more. The tombstones follow the record.
 */
export interface SubjectErased {
  readonly type: 'SubjectErased';
  readonly principal: string;
  /** Ids of every blob that was sealed for the principal: names, profiles, password hashes. */
  readonly vaultIds: readonly string[];
}
