import { isRefreshToken } from '#libs/tokens/refresh-token.js';
import { isSessionToken } from '#libs/tokens/session-token.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import type { LiveTokens } from '#services/identity/app/oauth/live-tokens.js';
import { findFamily } from '#services/identity/app/refresh-families.js';
import { findSession } from '#services/identity/app/sessions.js';

/** What a token that is good now says of itself (after RFC 7662, 2.2). */
export interface Introspection {
  readonly kind: 'access_token' | 'refresh_token' | 'session_token';
  readonly tenant: string;
  readonly principal: string;
  /** `''`: no OAuth client's. */
  readonly client: string;
  readonly scopes: readonly string[];
  readonly audience: string;
  /** ms since the Unix epoch. */
  readonly expiresAtMs: number;
  /** ms since the Unix epoch; 0: not known. */
  readonly issuedAtMs: number;
  /** The `jti` of an access token, the family of a refresh token. */
  readonly id: string;
  /** `''`: it belongs to none. */
  readonly session: string;
  readonly acr: string;
  readonly amr: readonly string[];
  /** ms since the Unix epoch. */
  readonly authTimeMs: number;
}

/** Undefined: no good, for whatever reason. Rejects when that cannot be said now. Uses nothing up. */
export async function introspect(
  parts: IdentityParts,
  live: LiveTokens,
  token: string,
): Promise<Introspection | undefined> {
  if (isSessionToken(token)) return ofSession(parts, token);
  if (isRefreshToken(token)) return ofRefresh(parts, token);
  return ofAccess(live, token);
}

async function ofSession(parts: IdentityParts, token: string): Promise<Introspection | undefined> {
  const session = await findSession(parts, token);
  if (session === undefined) return undefined;
  const { tenant, principal, client = '', acr, amr, authTimeMs } = session;
  return {
    kind: 'session_token',
    tenant,
    principal,
    client,
    scopes: [],
    audience: '',
    expiresAtMs: Math.min(session.idleUntilMs, session.expiresAtMs),
    issuedAtMs: session.startedAtMs,
    id: '',
    session: session.session,
    acr,
    amr,
    authTimeMs,
  };
}

function ofRefresh(parts: IdentityParts, token: string): Introspection | undefined {
  const found = findFamily(parts, token);
  if (found === undefined) return undefined;
  const { family, session } = found;
  return {
    kind: 'refresh_token',
    tenant: session.tenant,
    principal: family.principal,
    client: family.client,
    scopes: family.scopes,
    audience: family.audience,
    expiresAtMs: Math.min(family.idleUntilMs, family.expiresAtMs),
    issuedAtMs: 0,
    id: family.family,
    session: family.session,
    acr: session.acr,
    amr: session.amr,
    authTimeMs: session.authTimeMs,
  };
}

async function ofAccess(live: LiveTokens, token: string): Promise<Introspection | undefined> {
  const claims = (await live.find(token))?.claims;
  if (claims === undefined) return undefined;
  return {
    kind: 'access_token',
    tenant: claims.tenant,
    principal: claims.subject,
    client: claims.clientId ?? '',
    scopes: claims.scopes ?? [],
    audience: claims.audience,
    expiresAtMs: claims.expiresAtS * 1000,
    issuedAtMs: claims.issuedAtS * 1000,
    id: claims.tokenId,
    session: claims.sessionId ?? '',
    acr: claims.acr ?? '',
    amr: claims.amr,
    authTimeMs: claims.authTimeS * 1000,
  };
}
