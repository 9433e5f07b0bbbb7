import type { Cause, SubjectKind } from '#libs/events/catalogue.js';

export interface GrantRole {
  readonly type: 'GrantRole';
  readonly grant: string;
  readonly subjectKind: SubjectKind;
  readonly subject: string;
  readonly role: string;
  /** `''` covers every resource. */
  readonly resourcePrefix: string;
  readonly expiresAtMs?: number | undefined;
  /** Reference of the approval. */
  readonly ticket?: string | undefined;
}
export interface ChangeGrant {
  readonly type: 'ChangeGrant';
  readonly grant: string;
  /** Absent: it no longer expires. */
  readonly expiresAtMs?: number | undefined;
}
export interface RevokeGrant {
  readonly type: 'RevokeGrant';
  readonly grant: string;
  readonly cause: Cause;
}

export type GrantCommand = GrantRole | ChangeGrant | RevokeGrant;
