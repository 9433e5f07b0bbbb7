import type { Risk } from './closed-sets.js';

export interface PermissionDefined {
  readonly type: 'PermissionDefined';
  /** `<area>:<verb>`, e.g. `orders:read`. */
  readonly permission: string;
  readonly resourceType: string;
  readonly description: string;
  readonly risk: Risk;
  readonly maxStalenessMs?: number | undefined;
  /** Allowed only where the decision is recorded. Absent: no, and an event of level 1. */
  readonly auditRequired?: boolean | undefined;
}
export interface PermissionChanged {
  readonly type: 'PermissionChanged';
  readonly permission: string;
  readonly resourceType: string;
  readonly description: string;
  readonly risk: Risk;
  readonly maxStalenessMs?: number | undefined;
  /** Allowed only where the decision is recorded. Absent: no, and an event of level 1. */
  readonly auditRequired?: boolean | undefined;
}
export interface PermissionRetired {
  readonly type: 'PermissionRetired';
  readonly permission: string;
}
export interface RoleCreated {
  readonly type: 'RoleCreated';
  readonly role: string;
  readonly name: string;
  /** Exact permissions or patterns (`orders:*`, `*`). */
  readonly permissions: readonly string[];
  readonly parents: readonly string[];
  /** Confers tenant administration: only principals, never groups, may hold it. */
  readonly admin: boolean;
}
export interface RolePermissionsChanged {
  readonly type: 'RolePermissionsChanged';
  readonly role: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}
export interface RoleParentsChanged {
  readonly type: 'RoleParentsChanged';
  readonly role: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}
export interface RoleRenamed {
  readonly type: 'RoleRenamed';
  readonly role: string;
  readonly oldName: string;
  readonly name: string;
}
export interface RoleDeleted {
  readonly type: 'RoleDeleted';
  readonly role: string;
  readonly name: string;
  readonly parents: readonly string[];
  readonly admin: boolean;
}
