import type { LoginName } from '#libs/events/catalogue.js';

export interface AddLoginName {
  readonly type: 'AddLoginName';
  readonly principal: string;
  readonly loginName: LoginName;
}
export interface RemoveLoginName {
  readonly type: 'RemoveLoginName';
  readonly principal: string;
  readonly blindIndex: string;
}

export type LoginNameCommand = AddLoginName | RemoveLoginName;
