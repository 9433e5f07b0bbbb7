import type { ExternalIdentity } from '#services/identity/domain/upstream/commands.js';
import type { Cause, LoginName, Origin, PrincipalKind, VaultRef } from '#libs/events/catalogue.js';

export interface RegisterPrincipal {
  readonly type: 'RegisterPrincipal';
  readonly principal: string;
  readonly kind: PrincipalKind;
  readonly profile?: VaultRef | undefined;
  readonly loginNames: readonly LoginName[];
  readonly origin: Origin;
  /** A first password, set in the same record. */
  readonly password?: FirstPassword | undefined;
  /** The sign-up link that was redeemed; it works once. */
  readonly challenge?: string | undefined;
  /** The account of an upstream provider that it is made for, linked in the same record. */
  readonly link?: ExternalIdentity | undefined;
}
export interface FirstPassword {
  readonly credential: string;
  readonly hash: VaultRef;
  readonly params: string;
  readonly mustChange: boolean;
}
export interface ChangeProfile {
  readonly type: 'ChangeProfile';
  readonly principal: string;
  readonly profile: VaultRef;
}
export interface SuspendPrincipal {
  readonly type: 'SuspendPrincipal';
  readonly principal: string;
  /** ms since the Unix epoch; absent: until resumed. */
  readonly untilMs?: number | undefined;
}
export interface ResumePrincipal {
  readonly type: 'ResumePrincipal';
  readonly principal: string;
}
export interface InvalidateSessions {
  readonly type: 'InvalidateSessions';
  readonly principal: string;
  readonly cause: Cause;
}
export interface DeletePrincipal {
  readonly type: 'DeletePrincipal';
  readonly principal: string;
}

export type PrincipalCommand =
  | RegisterPrincipal
  | ChangeProfile
  | SuspendPrincipal
  | ResumePrincipal
  | InvalidateSessions
  | DeletePrincipal;
