import { invalid } from '#libs/errors/failure.js';
import type { RefreshFamilyFacts } from '#libs/events/catalogue.js';
import type { Confirmation } from '#libs/tokens/access-claims.js';
import { isWithin, issueToken, type IssuedToken } from '#services/identity/app/access-tokens.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import {
  findFamily,
  rotateFamily,
  startFamily,
  type Rotated,
  type Rotation,
} from '#services/identity/app/refresh-families.js';
import type { Session } from '#services/identity/app/sessions.js';

export interface SessionTokenRequest {
  /** `''`: the default audience. */
  readonly audience: string;
  /** Scope words or permission patterns; empty: no limit. */
  readonly scopes: readonly string[];
  readonly ttlMs?: number | undefined;
}

/** What an access token in a session is bound to beside it. */
export interface TokenBinding {
  readonly client?: string | undefined;
  readonly family?: string | undefined;
  readonly confirmation?: Confirmation | undefined;
  readonly outage?: boolean | undefined;
}

export interface SessionTokens extends IssuedToken {
  /** `''`: none was asked for. */
  readonly refreshToken: string;
}

/** An access token that dies with the session, and says how its principal had authenticated. */
export function accessTokenIn(
  parts: IdentityParts,
  session: Session,
  request: SessionTokenRequest,
  binding: TokenBinding = {},
): Promise<IssuedToken> {
  const { tenant, principal, amr, acr, authTimeMs, authPosition, credential } = session;
  return issueToken(parts, {
    ...request,
    ...binding,
    tenant,
    principal,
    amr,
    acr,
    authTimeMs,
    authPosition,
    credential,
    session: session.session,
    notAfterMs: session.expiresAtMs,
  });
}

/** Tokens for whoever holds the token of a session: our own command line and applications. */
export async function issueSessionTokens(
  parts: IdentityParts,
  session: Session,
  request: SessionTokenRequest,
  withRefreshToken: boolean,
): Promise<SessionTokens> {
  if (!withRefreshToken) {
    return { ...(await accessTokenIn(parts, session, request)), refreshToken: '' };
  }
  const { audience, scopes } = request;
  const started = await startFamily(parts, { session, client: '', scopes, audience });
  const { family } = started.family;
  const access = await accessTokenIn(parts, session, request, { family });
  return { ...access, refreshToken: started.refreshToken };
}

export interface Refresh extends Rotation {
  /** Empty: those of the family. */
  readonly scopes: readonly string[];
}

export interface Refreshed extends IssuedToken, Pick<Rotated, 'refreshToken' | 'outage'> {
  readonly scopes: readonly string[];
}

/** Uses a refresh token for a new access token. Rejects like `rotateFamily`; scopes only narrow. */
export async function refreshTokens(parts: IdentityParts, refresh: Refresh): Promise<Refreshed> {
  // What is asked for wrongly must not use the token up.
  const known = findFamily(parts, refresh.refreshToken);
  if (known !== undefined) narrowed(known.family, refresh.scopes);
  const rotated = await rotateFamily(parts, refresh);
  const { session, family, refreshToken, outage } = rotated;
  const scopes = narrowed(family, refresh.scopes);
  const { audience, client } = family;
  const binding = { family: family.family, client: client === '' ? undefined : client, outage };
  const access = await accessTokenIn(parts, session, { audience, scopes }, binding);
  return { ...access, refreshToken, outage, scopes };
}

/** RFC 6749, 6: never more than what was granted first. */
function narrowed(family: RefreshFamilyFacts, wanted: readonly string[]): readonly string[] {
  if (wanted.length === 0) return family.scopes;
  const beyond = wanted.findIndex(
    (scope) => !family.scopes.includes(scope) && !isWithin(scope, family.scopes),
  );
  if (beyond < 0) return wanted;
  throw invalid({ field: `scopes[${beyond}]`, description: 'goes beyond what was granted' });
}
