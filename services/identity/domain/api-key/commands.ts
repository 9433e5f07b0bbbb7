import type { Cause } from '#libs/events/catalogue.js';

export interface CreateApiKey {
  readonly type: 'CreateApiKey';
  readonly principal: string;
  readonly credential: string;
  /** First 8 characters after the marker. */
  readonly prefix: string;
  /** SHA-256 of the whole key, base64url. */
  readonly sha256: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly resourcePrefix?: string | undefined;
  readonly expiresAtMs?: number | undefined;
}
/** A new key with the name, scopes and prefix of the old one, which goes on for the overlap. */
export interface RotateApiKey {
  readonly type: 'RotateApiKey';
  readonly credential: string;
  readonly replaces: string;
  readonly prefix: string;
  readonly sha256: string;
  readonly expiresAtMs?: number | undefined;
  /** So long the old key stays valid beside it, ms. */
  readonly overlapMs: number;
}
export interface RevokeApiKey {
  readonly type: 'RevokeApiKey';
  readonly credential: string;
  readonly cause: Cause;
}
export interface RenameCredential {
  readonly type: 'RenameCredential';
  readonly credential: string;
  readonly name: string;
}
export interface BlockCredential {
  readonly type: 'BlockCredential';
  readonly credential: string;
  readonly cause: Cause;
}
export interface UnblockCredential {
  readonly type: 'UnblockCredential';
  readonly credential: string;
}

export type ApiKeyCommand =
  | CreateApiKey
  | RotateApiKey
  | RevokeApiKey
  | RenameCredential
  | BlockCredential
  | UnblockCredential;
