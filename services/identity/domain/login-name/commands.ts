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
/** The principal has shown, by a code that was sent there, that the address is its own. */
export interface VerifyLoginName {
  readonly type: 'VerifyLoginName';
  readonly principal: string;
  readonly blindIndex: string;
  /** Of the code: it counts once. */
  readonly challenge: string;
}

export type LoginNameCommand = AddLoginName | RemoveLoginName | VerifyLoginName;
