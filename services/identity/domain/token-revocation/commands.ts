import type { TokenEndCause } from '#libs/events/catalogue.js';

/** Ends one access token before its time (RFC 7009). */
export interface RevokeToken {
  readonly type: 'RevokeToken';
  readonly jti: string;
  readonly principal: string;
  readonly client?: string | undefined;
  /** When the token ends by itself, ms since the Unix epoch. */
  readonly expiresAtMs: number;
  readonly cause: TokenEndCause;
}
