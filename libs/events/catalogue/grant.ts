import type { Cause, SubjectKind } from './closed-sets.js';

export interface GroupCreated {
  readonly type: 'GroupCreated';
  readonly group: string;
  readonly name: string;
}
export interface GroupDeleted {
  readonly type: 'GroupDeleted';
  readonly group: string;
  readonly name: string;
}
export interface GroupMemberAdded {
  readonly type: 'GroupMemberAdded';
  readonly group: string;
  readonly principal: string;
}
export interface GroupMemberRemoved {
  readonly type: 'GroupMemberRemoved';
  readonly group: string;
  readonly principal: string;
}
export interface RoleGranted {
  readonly type: 'RoleGranted';
  readonly grant: string;
  readonly subjectKind: SubjectKind;
  readonly subject: string;
  readonly role: string;
  /** Path prefix that the grant covers, segment by segment; `''` covers every resource. */
  readonly resourcePrefix: string;
  readonly expiresAtMs?: number | undefined;
  readonly ticket?: string | undefined;
  readonly admin: boolean;
}
/** Grant events carry the tuple (subject, role, prefix), which identifies a live grant. */
export interface GrantChanged {
  readonly type: 'GrantChanged';
  readonly grant: string;
  readonly subjectKind: SubjectKind;
  readonly subject: string;
  readonly role: string;
  readonly resourcePrefix: string;
  readonly oldExpiresAtMs?: number | undefined;
  /** The new expiry; absent: it no longer expires. */
  readonly expiresAtMs?: number | undefined;
  readonly admin: boolean;
}
export interface GrantRevoked {
  readonly type: 'GrantRevoked';
  readonly grant: string;
  readonly subjectKind: SubjectKind;
  readonly subject: string;
  readonly role: string;
  readonly resourcePrefix: string;
  readonly cause: Cause;
  readonly admin: boolean;
}
