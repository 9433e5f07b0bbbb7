export interface CreateGroup {
  readonly type: 'CreateGroup';
  readonly group: string;
  readonly name: string;
}
export interface DeleteGroup {
  readonly type: 'DeleteGroup';
  readonly group: string;
}
export interface AddGroupMember {
  readonly type: 'AddGroupMember';
  readonly group: string;
  readonly principal: string;
}
export interface RemoveGroupMember {
  readonly type: 'RemoveGroupMember';
  readonly group: string;
  readonly principal: string;
}

export type GroupCommand = CreateGroup | DeleteGroup | AddGroupMember | RemoveGroupMember;
