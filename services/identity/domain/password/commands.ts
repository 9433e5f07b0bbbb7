import type { Cause, PasswordCause, VaultRef } from '#libs/events/catalogue.js';

export interface SetPassword {
  readonly type: 'SetPassword';
  readonly principal: string;
  /** Id for the credential, used when the principal never had a password. */
  readonly credential: string;
  readonly hash: VaultRef;
  /** The argon2 parameters in clear. */
  readonly params: string;
  readonly cause: PasswordCause;
  readonly mustChange: boolean;
  /** With cause CHANGE: the version whose password was verified a moment ago. */
  readonly verifiedVersion?: number | undefined;
  /** With cause RESET: the link that was redeemed; it works once. */
  readonly challenge?: string | undefined;
}
/** The same password under stronger parameters. */
export interface RehashPassword {
  readonly type: 'RehashPassword';
  readonly principal: string;
  /** The version that was verified. */
  readonly version: number;
  readonly hash: VaultRef;
  readonly params: string;
}
/** Also kills everything issued before. */
export interface RemovePassword {
  readonly type: 'RemovePassword';
  readonly principal: string;
  readonly cause: Cause;
}

export type PasswordCommand = SetPassword | RehashPassword | RemovePassword;
