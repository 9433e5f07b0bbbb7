import { hash } from 'node:crypto';
import {
  executeSession,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { ownCall, type CallOrigin } from '#services/identity/app/session-standing.js';

/** An assertion (RFC 7523) whose signature, audience and times were found right. */
export interface UsedAssertion {
  readonly tenant: string;
  readonly client: string;
  /** The service principal of the client. */
  readonly principal: string;
  readonly jti: string;
  /** ms since the Unix epoch; an hour ahead at most. */
  readonly expiresAtMs: number;
  readonly origin?: CallOrigin | undefined;
}

/** Counts an assertion: of any number of uses one resolves, the others reject ALREADY_USED. */
export function useAssertion(parts: IdentityParts, assertion: UsedAssertion): Promise<Executed> {
  const { client, jti, origin } = assertion;
  // Clients may name fractions of a second (RFC 7519, section 2); the ledger counts whole ms.
  const expiresAtMs = Math.ceil(assertion.expiresAtMs);
  const jtiSha256 = hash('sha256', jti, 'base64url');
  const command = { type: 'UseAssertion', client, jtiSha256, expiresAtMs } as const;
  return executeSession(parts, ownCall(assertion, origin), command);
}
