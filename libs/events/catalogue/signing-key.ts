import type { Cause, SigningAlgorithm, WatermarkScope } from './closed-sets.js';
import type { VaultRef } from './vault-ref.js';

export interface SigningKeyPublished {
  readonly type: 'SigningKeyPublished';
  readonly kid: string;
  readonly issuer: string;
  readonly algorithm: SigningAlgorithm;
  /** Public JWK (RFC 7517) as canonical JSON. */
  readonly publicJwk: string;
  readonly privateKey: VaultRef;
  readonly activateNotBeforeMs: number;
}
export interface SigningKeyActivated {
  readonly type: 'SigningKeyActivated';
  readonly kid: string;
  readonly issuer: string;
  /** The key that was active until now; it verifies until `retireAfterMs`. */
  readonly previousKid?: string | undefined;
  readonly retireAfterMs?: number | undefined;
}
export interface SigningKeyRemoved {
  readonly type: 'SigningKeyRemoved';
  readonly kid: string;
  readonly issuer: string;
}
/** Every token signed by this key is dead at once. */
export interface SigningKeyCompromised {
  readonly type: 'SigningKeyCompromised';
  readonly kid: string;
  readonly issuer: string;
}
/** Everything issued in the scope before the own position is dead. `id` is `''` for ALL. */
export interface WatermarkRaised {
  readonly type: 'WatermarkRaised';
  readonly scope: WatermarkScope;
  readonly id: string;
  readonly cause: Cause;
}
