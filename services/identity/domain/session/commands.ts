import type { SessionEndCause, UsedProofs } from '#libs/events/catalogue.js';

/** How strongly, when and by what somebody was verified; facts of ledger L come with the command. */
export interface Authentication {
  /** Id of the credential that was verified first. */
  readonly credential: string;
  /** `urn:ledgate:acr:1` (one factor) or `urn:ledgate:acr:2`. */
  readonly acr: string;
  /** RFC 8176. */
  readonly amr: readonly string[];
  /** ms since the Unix epoch. */
  readonly authTimeMs: number;
  /** Position of L at which the credential was verified: what invalidates later kills the session. */
  readonly authPosition: number;
  /** What was used up on the way: it counts once, in the record of this command. */
  readonly used?: UsedProofs | undefined;
}

export interface StartSession extends Authentication {
  readonly type: 'StartSession';
  readonly session: string;
  readonly principal: string;
  /** The OAuth client it is for; absent: our own pages and command line. */
  readonly client?: string | undefined;
  /** SHA-256 of the session token; absent: it lives by refresh tokens only. */
  readonly tokenSha256?: string | undefined;
  /** Words of the device, as its owner reads them in the list. */
  readonly label: string;
  /** Address and agent, sealed (base64url); `''`: not known. */
  readonly sealed: string;
  /** It ends when nothing happens for so long, ms. */
  readonly idleMs: number;
  /** It ends in any case then, ms since the Unix epoch. */
  readonly expiresAtMs: number;
  /** Sessions that a principal may have; the oldest is ended by one too many. */
  readonly mostSessions: number;
}

/** Somebody in the session was verified again: a new token, the one before is dead. */
export interface StepUpSession extends Authentication {
  readonly type: 'StepUpSession';
  readonly session: string;
  readonly tokenSha256?: string | undefined;
  readonly idleMs: number;
}

/** Something happened in the session. Written at most every `extensionStepMs`. */
export interface ExtendSession {
  readonly type: 'ExtendSession';
  readonly session: string;
  readonly idleMs: number;
}

export interface EndSession {
  readonly type: 'EndSession';
  readonly session: string;
  /** Whose it must be. */
  readonly principal: string;
  readonly cause: SessionEndCause;
}

/** Ends all sessions of a principal, but one where it is named; `mostEnded` at a time. */
export interface EndSessions {
  readonly type: 'EndSessions';
  readonly principal: string;
  readonly except?: string | undefined;
  readonly cause: SessionEndCause;
}

export type OneSessionCommand = StartSession | StepUpSession | ExtendSession | EndSession;
export type SessionLifeCommand = OneSessionCommand | EndSessions;
