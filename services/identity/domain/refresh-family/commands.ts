import type { FamilyEndCause } from '#libs/events/catalogue.js';

/** A chain of refresh tokens that follow one another; bound to a session and a client. */
export interface NewFamily {
  readonly family: string;
  readonly session: string;
  readonly principal: string;
  /** `''`: our own command line and pages. */
  readonly client: string;
  readonly scopes: readonly string[];
  readonly audience: string;
  /** Id of the credential that was verified first. */
  readonly credential: string;
  readonly acr: string;
  readonly authTimeMs: number;
  readonly authPosition: number;
  /** Thumbprint of the key that tokens are bound to (RFC 9449, RFC 8705), with its method. */
  readonly confirmation?: string | undefined;
  /** It ends when it is not used for so long, ms. */
  readonly idleMs: number;
  /** ms since the Unix epoch. */
  readonly expiresAtMs: number;
  /** Sealed rest of what the OAuth engine needs. */
  readonly artifact?: string | undefined;
}

export interface StartRefreshFamily extends NewFamily {
  readonly type: 'StartRefreshFamily';
}

/** The token of one generation was used. What comes of it is told by the events. */
export interface RotateRefreshToken {
  readonly type: 'RotateRefreshToken';
  readonly family: string;
  /** Of the token that was shown. */
  readonly generation: number;
  /** The client that showed it. */
  readonly client: string;
  /** The token had been given out again in an outage: see `docs/sessions.md`. */
  readonly outage: boolean;
  /** A reply may be lost: so long the generation before gets the same answer again, ms. */
  readonly graceMs: number;
  readonly idleMs: number;
  /** The idle lifetime of its session, which goes on with it, ms. */
  readonly sessionIdleMs: number;
  readonly artifact?: string | undefined;
}

export interface RevokeRefreshFamily {
  readonly type: 'RevokeRefreshFamily';
  readonly family: string;
  /** Whose it must be; absent: anybody's, for administrators. */
  readonly client?: string | undefined;
  readonly cause: FamilyEndCause;
}

export type RefreshFamilyCommand = StartRefreshFamily | RotateRefreshToken | RevokeRefreshFamily;
