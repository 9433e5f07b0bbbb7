import { type ApiKey, type CredentialLimits, unlimited } from '../projection/api-key.js';
import type { ViewState } from '../projection/view-state.js';
import {
  ALLOW,
  PRINCIPAL_SUSPENDED,
  PRINCIPAL_UNKNOWN,
  QUARANTINED,
  type ReasonCode,
  type ReasonName,
  reasonName,
} from '../reason-code.js';
import { check, validUntilMs } from './check.js';
import type { SessionRow } from '../sessions/session-row.js';
import type { SessionState } from '../sessions/session-state.js';
import { apiKeyStatus, findApiKey, tokenStatus, unknownApiKey } from './credential-status.js';
import { scopePatterns } from './scope-limits.js';
import { sessionStatus } from './session-status.js';
import { suspendedUntil, tenantStatus } from './subject-status.js';
import type { TokenFacts } from './token-facts.js';
import { touchesPrincipal, touchesTenant } from './touches-quarantine.js';

/** A question about a bare subject, or about one whose credential the caller has judged. */
export interface Question {
  readonly tenant: string;
  readonly principal: string;
  /** An exact permission, e.g. `orders:read`. */
  readonly action: string;
  /** A path; `''` is the tenant's root. */
  readonly resource: string;
  /** Wall time, ms since the Unix epoch. */
  readonly nowMs: number;
  /** What the credential leaves of the principal's rights; absent: everything. */
  readonly limits?: CredentialLimits;
}

export interface Decision {
  /** `=== ALLOW` is the only test for allow. */
  readonly code: ReasonCode;
  readonly reason: ReasonName;
  /** Earliest time at which expiry alone can change the answer; `Infinity`: none. */
  readonly validUntilMs: number;
}

/** `check` with ids in place of a row and an answer of its own. Never throws. */
export function decide(view: ViewState, question: Question): Decision {
  const { tenant, principal, action, resource, nowMs } = question;
  const row = view.principalRow(tenant, principal);
  if (row < 0) return decision(whyNoRow(view, tenant, principal), Number.POSITIVE_INFINITY);
  const code = check(view, row, action, resource, nowMs, question.limits ?? unlimited);
  return decision(code, validUntilMs(view));
}

/** The reason for which a principal that is not in the view is refused. */
export function whyNoRow(view: ViewState, tenant: string, principal: string): ReasonCode {
  if (touchesTenant(view, tenant) || touchesPrincipal(view, tenant, principal)) return QUARANTINED;
  const ofTenant = tenantStatus(view, view.findTenant(tenant));
  return ofTenant === ALLOW ? PRINCIPAL_UNKNOWN : ofTenant;
}

/** What is asked of a credential: the tenant and principal are the credential's own. */
export interface Ask {
  readonly action: string;
  readonly resource: string;
  readonly nowMs: number;
}

/** Authenticates an API key by the SHA-256 of its text (base64url) and answers for its principal. */
export function decideWithApiKey(view: ViewState, sha256: string, ask: Ask): Decision {
  const key = findApiKey(view, sha256);
  if (key === undefined) return decision(unknownApiKey(view, sha256), Number.POSITIVE_INFINITY);
  const status = apiKeyStatus(view, key, ask.nowMs);
  if (status !== ALLOW) return decision(status, refusedUntil(view, key.principal, status));
  return ofRow(view, key, ask);
}

function ofRow(view: ViewState, key: ApiKey, ask: Ask): Decision {
  const code = check(view, key.principal, ask.action, ask.resource, ask.nowMs, key.limits);
  return decision(code, validUntilMs(view));
}

/** Judges a token whose signature was verified and answers for its principal, within its scopes. */
export function decideWithToken(
  view: ViewState,
  sessions: SessionState | undefined,
  token: TokenFacts & { readonly scopes: readonly string[] },
  ask: Ask,
): Decision {
  const row = view.principalRow(token.tenant, token.principal);
  const status = tokenStatus(view, sessions, token, ask.nowMs);
  if (status !== ALLOW) return decision(status, refusedUntil(view, row, status));
  const { issuedInOutage } = token;
  const scopes = scopePatterns(view, view.findTenant(token.tenant), token.scopes);
  if (scopes === undefined) return decision(QUARANTINED, Number.POSITIVE_INFINITY);
  const expiresAtMs = tokenEnd(view, sessionOf(sessions, token), token);
  const limits = { scopes, resourcePrefix: '', expiresAtMs, issuedInOutage };
  const code = check(view, row, ask.action, ask.resource, ask.nowMs, limits);
  return decision(code, validUntilMs(view));
}

/** Judges a session (undefined: none has the token) and answers for its principal. */
export function decideWithSession(
  view: ViewState,
  sessions: SessionState,
  session: SessionRow | undefined,
  ask: Ask,
): Decision {
  const row = session === undefined ? -1 : view.principalRow(session.tenant, session.principal);
  const status = sessionStatus(view, sessions, session, ask.nowMs);
  if (status !== ALLOW) return decision(status, refusedUntil(view, row, status));
  const limits = { ...unlimited, expiresAtMs: sessionEnd(view, session) };
  const code = check(view, row, ask.action, ask.resource, ask.nowMs, limits);
  return decision(code, validUntilMs(view));
}

/** A session ends when it is idle for too long or too old, and with the API key behind it. */
export function sessionEnd(view: ViewState, session: SessionRow | undefined): number {
  if (session === undefined) return Number.POSITIVE_INFINITY;
  const { tenant, credential, idleUntilMs, expiresAtMs } = session;
  return Math.min(idleUntilMs, expiresAtMs, keyEnd(view, tenant, credential));
}

/** The session that a token belongs to, as it is now; undefined: it names none, or one that is not known. */
export function sessionOf(
  sessions: SessionState | undefined,
  { tenant, place }: TokenFacts,
): SessionRow | undefined {
  if (place === undefined || place.session === '') return undefined;
  return sessions?.find(tenant, place.session);
}

/**
 * A token ends with its own expiry, the retirement of its signing key, the API key behind it, or its
 * session (`sessionOf`).
 */
export function tokenEnd(
  view: ViewState,
  session: SessionRow | undefined,
  token: TokenFacts,
): number {
  const retires = view.signingKeys.get(token.kid)?.retireAfterMs ?? Number.NEGATIVE_INFINITY;
  const keyEnds = keyEnd(view, token.tenant, token.credential);
  return Math.min(token.expiresAtMs, retires, keyEnds, sessionEnd(view, session));
}

function keyEnd(view: ViewState, tenant: string, credential: string): number {
  const key = view.findTenant(tenant)?.apiKeys.get(credential);
  return key === undefined ? Infinity : Math.min(key.replacedAtMs, key.limits.expiresAtMs);
}

/** Of the refusals only a suspension ends by itself. */
function refusedUntil(view: ViewState, row: number, status: ReasonCode): number {
  return status === PRINCIPAL_SUSPENDED ? suspendedUntil(view, row) : Number.POSITIVE_INFINITY;
}

function decision(code: ReasonCode, validUntil: number): Decision {
  return { code, reason: reasonName(code), validUntilMs: validUntil };
}
