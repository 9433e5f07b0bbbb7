import { hash } from 'node:crypto';
import { documentsOf } from '#services/identity/app/accounts.js';
import { executeSession, type IdentityParts } from '#services/identity/app/identity-parts.js';
import {
  familyStarted,
  grantRejected,
  newFamily,
  type FamilyStart,
  type StartedFamily,
} from '#services/identity/app/refresh-families.js';
import {
  ownCall,
  standingPermit,
  type CallOrigin,
  type Standing,
} from '#services/identity/app/session-standing.js';
import { findSessionById, type Session } from '#services/identity/app/sessions.js';
import { codes, type CodeDocument } from '#services/identity/domain/authorization-code/state.js';
import { codeLifetimeMs } from '#services/identity/domain/session/lifetimes.js';

/** Longest wait for a code that this instance has not read yet, ms. */
const WAIT_MS = 250;

/** What a code is issued for (RFC 6749, 4.1; RFC 7636). */
export interface CodeIssue {
  /** Found to be valid with this request; it is judged again at each attempt of the append. */
  readonly session: Omit<Standing, 'client'> & Pick<Session, 'session' | 'acr' | 'authTimeMs'>;
  readonly client: string;
  readonly redirectUri: string;
  /** The S256 challenge. */
  readonly pkce?: string | undefined;
  readonly nonce?: string | undefined;
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly artifact?: string | undefined;
  /** The code, where somebody else makes it; absent: a new one of 256 random bits. */
  readonly code?: string | undefined;
  readonly origin?: CallOrigin | undefined;
}

export interface IssuedCode {
  readonly code: string;
  /** ms since the Unix epoch. */
  readonly expiresAtMs: number;
  readonly consistencyToken: string;
}

/** Issues a code for 60 s and one use. */
export async function issueCode(parts: IdentityParts, issue: CodeIssue): Promise<IssuedCode> {
  const { session, origin, code: given, ...rest } = issue;
  const code = given ?? Buffer.from(parts.random.bytes(32)).toString('base64url');
  const { principal, acr, authTimeMs, authPosition } = session;
  const expiresAtMs = Math.trunc(parts.clock.wallMs()) + codeLifetimeMs;
  const permit = standingPermit(parts, { ...session, client: issue.client });
  const { consistencyToken } = await executeSession(parts, ownCall(session, origin, permit), {
    type: 'IssueAuthorizationCode',
    ...rest,
    codeSha256: codeSha256(code),
    session: session.session,
    principal,
    acr,
    authTimeMs,
    authPosition,
    expiresAtMs,
  });
  return { code, expiresAtMs, consistencyToken };
}

/** A code as it was issued, used up or not; to be looked at before anything is decided. */
export function findCode(
  parts: IdentityParts,
  tenant: string,
  code: string,
): CodeDocument | undefined {
  return codes.read(documentsOf(parts.sessions.state), tenant, codeSha256(code));
}

export interface CodeRedemption extends Omit<FamilyStart, 'session'> {
  readonly tenant: string;
  readonly code: string;
}

/**
 * Uses a code up: of any number of uses one succeeds. What was issued for it belongs to the family that
 * the record starts, also when its client gets no refresh token; a second use revokes that family, and
 * rejects GRANT_REJECTED, as does every other reason. The verifier of the client (RFC 7636) is compared
 * by the caller, before.
 */
export async function redeemCode(
  parts: IdentityParts,
  redemption: CodeRedemption,
): Promise<StartedFamily & { readonly session: Session }> {
  const { tenant, code, ...start } = redemption;
  // Another instance may have issued it a moment ago.
  if (findCode(parts, tenant, code) === undefined) await parts.sessions.seeEnd(WAIT_MS);
  const issued = findCode(parts, tenant, code);
  if (issued === undefined) throw grantRejected();
  const session = findSessionById(parts, tenant, issued.session);
  if (session === undefined) throw grantRejected();
  const family = newFamily(parts, { ...start, session });
  const permit = standingPermit(parts, { ...session, client: start.client });
  const executed = await executeSession(parts, ownCall(session, start.origin, permit), {
    type: 'RedeemAuthorizationCode',
    codeSha256: codeSha256(code),
    client: start.client,
    family,
  });
  if (executed.events.some(({ type }) => type === 'AuthorizationCodeReplayed')) {
    parts.log.warn(
      { tenant, client: start.client },
      'a code was used again: its family is revoked',
    );
    throw grantRejected();
  }
  return { ...familyStarted(parts, tenant, executed), session };
}

export function codeSha256(code: string): string {
  return hash('sha256', code, 'base64url');
}
