export interface CreateRole {
  readonly type: 'CreateRole';
  readonly role: string;
  readonly name: string;
  /** Exact permissions, which must be defined, or patterns. */
  readonly permissions: readonly string[];
  readonly parents: readonly string[];
  readonly admin: boolean;
}
export interface ChangeRolePermissions {
  readonly type: 'ChangeRolePermissions';
  readonly role: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
}
export interface ChangeRoleParents {
  readonly type: 'ChangeRoleParents';
  readonly role: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
}
export interface RenameRole {
  readonly type: 'RenameRole';
  readonly role: string;
  readonly name: string;
}
export interface DeleteRole {
  readonly type: 'DeleteRole';
  readonly role: string;
}

export type RoleCommand =
  | CreateRole
  | ChangeRolePermissions
  | ChangeRoleParents
  | RenameRole
  | DeleteRole;
