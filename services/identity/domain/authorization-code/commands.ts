import type { StartSession } from '#services/identity/domain/session/commands.js';
import type { NewFamily } from '#services/identity/domain/refresh-family/commands.js';

export interface IssueAuthorizationCode {
  readonly type: 'IssueAuthorizationCode';
  readonly codeSha256: string;
  readonly session: string;
  readonly principal: string;
  readonly client: string;
  readonly redirectUri: string;
  /** RFC 7636: the challenge; its method is S256. */
  readonly pkce?: string | undefined;
  readonly nonce?: string | undefined;
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly acr: string;
  readonly authTimeMs: number;
  readonly authPosition: number;
  /** ms since the Unix epoch: 60 s ahead at most (RFC 6749, 4.1.2; RFC 9700). */
  readonly expiresAtMs: number;
  readonly artifact?: string | undefined;
}

/**
 * Uses a code up: starts the family of what is issued for it, in one record. A second use revokes that
 * family (RFC 6749, 4.1.2), and says AuthorizationCodeReplayed.
 */
export interface RedeemAuthorizationCode {
  readonly type: 'RedeemAuthorizationCode';
  readonly codeSha256: string;
  readonly client: string;
  readonly family: NewFamily;
  /** A session of its own for the client (offline access), of which the family then is. */
  readonly session?: StartSession | undefined;
}

export type AuthorizationCodeCommand = IssueAuthorizationCode | RedeemAuthorizationCode;
