import type { AttemptFactor, ChallengeKind } from './closed-sets.js';

/** Something that must be answered once, with counted tries. */
export interface ChallengeIssued {
  readonly type: 'ChallengeIssued';
  readonly challenge: string;
  readonly kind: ChallengeKind;
  readonly principal: string;
  /** The factor that answers it, where it is one. */
  readonly credential?: string | undefined;
  /** Keyed hash of the answer (base64url); `''`: the answer is verified in another way. */
  readonly answerHash: string;
  /** SHA-256 of what it is bound to: the browser's ticket, or the session. */
  readonly binding: string;
  readonly tries: number;
  readonly expiresAtMs: number;
  /** Sealed rest of what answering needs. */
  readonly artifact?: string | undefined;
  /** A device that has logged in to the account before: it is counted apart from strangers. */
  readonly device?: string | undefined;
}
/** Counted before the answer is looked at. */
export interface ChallengeAttempted {
  readonly type: 'ChallengeAttempted';
  readonly challenge: string;
  readonly principal: string;
  readonly triesLeft: number;
}
export interface AuthorizationCodeIssued {
  readonly type: 'AuthorizationCodeIssued';
  readonly codeSha256: string;
  readonly session: string;
  readonly principal: string;
  readonly client: string;
  readonly redirectUri: string;
  /** The S256 challenge (RFC 7636). */
  readonly pkce?: string | undefined;
  readonly nonce?: string | undefined;
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly acr: string;
  readonly authTimeMs: number;
  readonly authPosition: number;
  readonly expiresAtMs: number;
  readonly artifact?: string | undefined;
}
/** Somebody has redeemed it a second time: its family is revoked in the same record. */
export interface AuthorizationCodeReplayed {
  readonly type: 'AuthorizationCodeReplayed';
  readonly codeSha256: string;
  readonly client: string;
  readonly family?: string | undefined;
}
export interface AssertionUsed {
  readonly type: 'AssertionUsed';
  readonly client: string;
  readonly jtiSha256: string;
  readonly expiresAtMs: number;
}
export interface DeviceCodeIssued {
  readonly type: 'DeviceCodeIssued';
  readonly deviceSha256: string;
  readonly userCodeSha256: string;
  readonly client: string;
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly expiresAtMs: number;
  readonly artifact?: string | undefined;
}
export interface DeviceCodeApproved {
  readonly type: 'DeviceCodeApproved';
  readonly deviceSha256: string;
  readonly userCodeSha256: string;
  readonly principal: string;
  readonly session: string;
  readonly scopes: readonly string[];
  readonly acr: string;
  readonly authTimeMs: number;
  readonly authPosition: number;
  readonly expiresAtMs: number;
  readonly artifact?: string | undefined;
}
export interface DeviceCodeDenied {
  readonly type: 'DeviceCodeDenied';
  readonly deviceSha256: string;
  readonly userCodeSha256: string;
  readonly principal: string;
  readonly expiresAtMs: number;
}
export interface DeviceCodeRedeemed {
  readonly type: 'DeviceCodeRedeemed';
  readonly deviceSha256: string;
  readonly userCodeSha256: string;
  readonly expiresAtMs: number;
}
/** Failures of an account, collected: at most one record a second. */
export interface AttemptsRecorded {
  readonly type: 'AttemptsRecorded';
  readonly principal: string;
  readonly factor: AttemptFactor;
  readonly failures: number;
  readonly sinceMs: number;
  readonly throttleUntilMs?: number | undefined;
}
/** What the OAuth engine keeps beside a session, sealed. */
export interface SessionLinked {
  readonly type: 'SessionLinked';
  readonly id: string;
  readonly session: string;
  readonly principal: string;
  readonly client?: string | undefined;
  readonly artifact: string;
  readonly expiresAtMs: number;
}

export type ShortLivedEvent =
  | ChallengeIssued
  | ChallengeAttempted
  | AuthorizationCodeIssued
  | AuthorizationCodeReplayed
  | AssertionUsed
  | DeviceCodeIssued
  | DeviceCodeApproved
  | DeviceCodeDenied
  | DeviceCodeRedeemed
  | AttemptsRecorded
  | SessionLinked;
