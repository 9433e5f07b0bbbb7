import type { AttemptLimits } from '#services/identity/ports/attempt-limits.js';
import type { OneTimeCodes } from '#services/identity/ports/one-time-codes.js';
import type { Passkeys } from '#services/identity/ports/passkeys.js';
import type { TicketBox } from '#services/identity/ports/ticket-box.js';
import type { UpstreamOpenId } from '#services/identity/ports/upstream-openid.js';
import type { Totp } from '#services/identity/ports/totp.js';

/** What people prove themselves with, in `IdentityParts.proofs`. */
export interface Proofs {
  readonly totp: Totp;
  readonly passkeys: Passkeys;
  readonly tickets: TicketBox;
  readonly codes: OneTimeCodes;
  /** Providers elsewhere. */
  readonly upstream: UpstreamOpenId;
  /** Brakes on messages that anybody can ask for: links to reset a password, and to sign up. */
  readonly mailLimits: AttemptLimits;
  /** Brakes on device codes of clients that keep no secret: each is a record. */
  readonly deviceLimits: AttemptLimits;
  /** Where the pages are that mailed links lead to, without a slash at the end. */
  readonly publicUrl: string;
}
