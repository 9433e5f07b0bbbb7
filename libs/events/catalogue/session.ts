import type { FamilyEndCause, SessionEndCause, TokenEndCause } from './closed-sets.js';

/** The whole of a session: records of S are self-contained, as its beginning is not kept. */
export interface SessionFacts {
  readonly session: string;
  readonly principal: string;
  readonly client?: string | undefined;
  /** Id of the credential that was verified first. */
  readonly credential: string;
  readonly acr: string;
  readonly amr: readonly string[];
  /** When the authentication that `acr` speaks of was, ms since the Unix epoch. */
  readonly authTimeMs: number;
  /** Position in ledger L at which the credential was verified. */
  readonly authPosition: number;
  /** SHA-256 of the session token; absent: it has none, as with a device that was let in. */
  readonly tokenSha256?: string | undefined;
  readonly startedAtMs: number;
  readonly idleUntilMs: number;
  readonly expiresAtMs: number;
  /** What the device is called, for lists: nothing personal (`Firefox on Linux`). */
  readonly label: string;
  /** Source address and agent, AES-256-GCM, base64url; `''`: not known. */
  readonly sealed: string;
}

/** Single-use things that the record consumes. */
export interface UsedProofs {
  readonly challenge?: string | undefined;
  readonly totp?: { readonly credential: string; readonly step: number } | undefined;
  readonly passkey?: { readonly credential: string; readonly count: number } | undefined;
  readonly recovery?: UsedRecoveryCode | undefined;
}
export interface UsedRecoveryCode {
  readonly credential: string;
  readonly generation: number;
  readonly index: number;
}

export interface SessionStarted extends SessionFacts {
  readonly type: 'SessionStarted';
  readonly used?: UsedProofs | undefined;
}
export interface SessionSteppedUp extends SessionFacts {
  readonly type: 'SessionSteppedUp';
  readonly used?: UsedProofs | undefined;
  /** The token that the session had until now. */
  readonly replacedTokenSha256?: string | undefined;
}
export interface SessionExtended extends SessionFacts {
  readonly type: 'SessionExtended';
}
export interface SessionEnded {
  readonly type: 'SessionEnded';
  readonly session: string;
  readonly principal: string;
  readonly cause: SessionEndCause;
  /** When it would have been over anyway: the end may be forgotten after it. */
  readonly expiresAtMs: number;
  readonly tokenSha256?: string | undefined;
}

/** The whole of a refresh family: the chain of refresh tokens that one authorization began. */
export interface RefreshFamilyFacts {
  readonly family: string;
  readonly session: string;
  readonly principal: string;
  readonly client: string;
  readonly credential: string;
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly acr: string;
  readonly authTimeMs: number;
  readonly authPosition: number;
  /** Thumbprint of the key that tokens are bound to (RFC 9449, RFC 8705), with its method. */
  readonly confirmation?: string | undefined;
  /** Counts the refresh tokens, from 0. */
  readonly generation: number;
  readonly idleUntilMs: number;
  readonly expiresAtMs: number;
  /** Sealed rest of what the OAuth engine needs. */
  readonly artifact?: string | undefined;
}
export interface RefreshFamilyStarted extends RefreshFamilyFacts {
  readonly type: 'RefreshFamilyStarted';
  /** SHA-256 of the authorization code that was redeemed for it. */
  readonly codeSha256?: string | undefined;
}
export interface RefreshRotated extends RefreshFamilyFacts {
  readonly type: 'RefreshRotated';
}
export interface RefreshFamilyRevoked {
  readonly type: 'RefreshFamilyRevoked';
  readonly family: string;
  readonly principal: string;
  readonly client: string;
  readonly cause: FamilyEndCause;
  /** When the last access token of the family expires. */
  readonly accessExpiresAtMs: number;
}
export interface TokenRevoked {
  readonly type: 'TokenRevoked';
  readonly jti: string;
  readonly principal: string;
  readonly client?: string | undefined;
  readonly expiresAtMs: number;
  readonly cause: TokenEndCause;
}

export type SessionEvent =
  | SessionStarted
  | SessionSteppedUp
  | SessionExtended
  | SessionEnded
  | RefreshFamilyStarted
  | RefreshRotated
  | RefreshFamilyRevoked
  | TokenRevoked;
