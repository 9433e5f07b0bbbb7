import type { SigningAlgorithm } from '#libs/events/catalogue.js';

export type SigningKeyStatus = 'PUBLISHED' | 'ACTIVE' | 'RETIRING' | 'REMOVED' | 'COMPROMISED';

export interface SigningKey {
  readonly kid: string;
  readonly issuer: string;
  readonly algorithm: SigningAlgorithm;
  /** Public JWK as canonical JSON. */
  readonly publicJwk: string;
  status: SigningKeyStatus;
  /** Position of the SigningKeyPublished. */
  readonly publishedAt: number;
  /** Position of the event that gave it its status. */
  statusAt: number;
  /** While RETIRING: verifies until then (ms since the Unix epoch). */
  retireAfterMs: number;
}
