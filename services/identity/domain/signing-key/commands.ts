import type { SigningAlgorithm, VaultRef } from '#libs/events/catalogue.js';

interface NewKey {
  readonly kid: string;
  readonly issuer: string;
  readonly algorithm: SigningAlgorithm;
  /** Public JWK (RFC 7517) as canonical JSON. */
  readonly publicJwk: string;
  readonly privateKey: VaultRef;
}
/** Makes a key known before it signs. */
export interface PublishSigningKey extends NewKey {
  readonly type: 'PublishSigningKey';
  /** The key must not sign before, ms since the Unix epoch. */
  readonly activateNotBeforeMs: number;
}
export interface ActivateSigningKey {
  readonly type: 'ActivateSigningKey';
  readonly kid: string;
  /** The key that signed until now verifies until then: the expiry of its last token. */
  readonly retireAfterMs: number;
}
/** Publishes and activates in one record. */
export interface RotateSigningKey extends NewKey {
  readonly type: 'RotateSigningKey';
  readonly retireAfterMs: number;
}
export interface RemoveSigningKey {
  readonly type: 'RemoveSigningKey';
  readonly kid: string;
}
export interface CompromiseSigningKey {
  readonly type: 'CompromiseSigningKey';
  readonly kid: string;
}

export type SigningKeyCommand =
  | PublishSigningKey
  | ActivateSigningKey
  | RotateSigningKey
  | RemoveSigningKey
  | CompromiseSigningKey;
