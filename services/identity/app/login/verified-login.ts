import type { UsedProofs } from '#libs/events/catalogue.js';

/** Somebody who proved to be the principal; a session may begin with it, once. */
export interface VerifiedLogin {
  readonly tenant: string;
  readonly principal: string;
  /** The credential that was verified first. */
  readonly credential: string;
  readonly acr: string;
  /** RFC 8176. */
  readonly amr: readonly string[];
  readonly authTimeMs: number;
  /** Position of ledger L at which the first credential was verified. */
  readonly authPosition: number;
  /** What counts once, in the record of the session. */
  readonly used?: UsedProofs | undefined;
  readonly label: string;
  /** The device it comes from, where that is known. */
  readonly device?: string | undefined;
  /** The token of a remembered device: it stays as it is. */
  readonly keptDevice?: string | undefined;
}
