import type { Clock } from '#libs/runtime/clock.js';
import type { Ids } from '#libs/runtime/ids.js';
import type { Logger } from '#libs/runtime/log.js';
import type { OauthLedger } from './oauth-ledger.js';
import type { SealedText } from './sealed-text.js';
import type { DpopNonces } from './dpop-nonces.js';
import type { TakenProofs } from './taken-proofs.js';

/** What the endpoints that clients call without a browser are made of. */
export interface OauthParts {
  readonly ledger: OauthLedger;
  readonly sealed: SealedText;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  /** Its origin is the issuer. */
  readonly issuer: URL;
  readonly nonces: DpopNonces;
  /** One memory for all endpoints of this instance. */
  readonly proofs: TakenProofs;
}
