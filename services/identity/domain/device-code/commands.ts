import type { NewFamily } from '#services/identity/domain/refresh-family/commands.js';
import type { StartSession } from '#services/identity/domain/session/commands.js';

/** RFC 8628. The intervals of polling, and guesses of user codes, are counted in the process. */
export interface IssueDeviceCode {
  readonly type: 'IssueDeviceCode';
  readonly deviceSha256: string;
  readonly userCodeSha256: string;
  readonly client: string;
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly expiresAtMs: number;
  readonly artifact?: string | undefined;
}

/** Somebody in a session says yes, having seen client and scopes. */
export interface ApproveDeviceCode {
  readonly type: 'ApproveDeviceCode';
  readonly userCodeSha256: string;
  readonly session: string;
  readonly principal: string;
  readonly acr: string;
  readonly authTimeMs: number;
  readonly authPosition: number;
  readonly scopes: readonly string[];
  readonly artifact?: string | undefined;
}

export interface DenyDeviceCode {
  readonly type: 'DenyDeviceCode';
  readonly userCodeSha256: string;
  readonly principal: string;
}

/** The device takes what was approved: a session of its own, with a family. */
export interface RedeemDeviceCode {
  readonly type: 'RedeemDeviceCode';
  readonly deviceSha256: string;
  readonly client: string;
  readonly session: StartSession;
  readonly family: NewFamily;
}

export type DeviceCodeCommand =
  | IssueDeviceCode
  | ApproveDeviceCode
  | DenyDeviceCode
  | RedeemDeviceCode;
