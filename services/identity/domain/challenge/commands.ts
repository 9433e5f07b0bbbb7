import type { ChallengeKind } from '#libs/events/catalogue.js';

export interface IssueChallenge {
  readonly type: 'IssueChallenge';
  readonly challenge: string;
  readonly kind: ChallengeKind;
  readonly principal: string;
  /** The factor that answers it, where it is one. */
  readonly credential?: string | undefined;
  /** Keyed hash of the answer (base64url); `''`: the answer is verified in another way. */
  readonly answerHash: string;
  /** SHA-256 of what may answer it: the browser's ticket, or the session. */
  readonly binding: string;
  /** Sealed rest of what answering needs. */
  readonly artifact?: string | undefined;
  /** A device that has logged in to the account before: it is counted apart from strangers. */
  readonly device?: string | undefined;
  /** How often it may be answered. */
  readonly tries: number;
  /** ms since the Unix epoch. */
  readonly expiresAtMs: number;
  /** At most so many of this kind for the principal within `windowMs`. */
  readonly mostInWindow: number;
  readonly windowMs: number;
}

/** Counts a try; appended before the answer is compared. */
export interface AttemptChallenge {
  readonly type: 'AttemptChallenge';
  readonly challenge: string;
  /** As it was issued for: whoever has another one gets no try. */
  readonly binding: string;
}

export type ChallengeCommand = IssueChallenge | AttemptChallenge;
