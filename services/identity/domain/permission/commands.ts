import type { Risk } from '#libs/events/catalogue.js';

interface PermissionFacts {
  readonly permission: string;
  readonly resourceType: string;
  readonly description: string;
  readonly risk: Risk;
  /** Tighter than the tenant's limit, ms. */
  readonly maxStalenessMs?: number | undefined;
  /** `true`, or absent: what is not said needs no newer reader. */
  readonly auditRequired?: true | undefined;
}
export interface DefinePermission extends PermissionFacts {
  readonly type: 'DefinePermission';
}
export interface ChangePermission extends PermissionFacts {
  readonly type: 'ChangePermission';
}
export interface RetirePermission {
  readonly type: 'RetirePermission';
  readonly permission: string;
}

export type PermissionCommand = DefinePermission | ChangePermission | RetirePermission;
