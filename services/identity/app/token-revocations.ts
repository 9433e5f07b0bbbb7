import type { TokenEndCause } from '#libs/events/catalogue.js';
import {
  executeSession,
  type CommandCall,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';

/** What is known of an access token. */
export interface RevocableToken {
  readonly jti: string;
  readonly principal: string;
  readonly client?: string | undefined;
  /** When it ends by itself, ms since the Unix epoch. */
  readonly expiresAtMs: number;
}

/** Ends one access token at every authorizer (RFC 7009). Nothing to do for one that is over. */
export function revokeToken(
  parts: IdentityParts,
  call: CommandCall,
  token: RevocableToken,
  cause: TokenEndCause,
): Promise<Executed> {
  return executeSession(parts, call, { type: 'RevokeToken', ...token, cause });
}
