import { findApiKey } from '#libs/access/evaluate/credential-status.js';
import { coversPattern } from '#libs/access/permission-pattern.js';
import { invalid, Failure } from '#libs/errors/failure.js';
import type { Confirmation } from '#libs/tokens/access-claims.js';
import { signAccessToken } from '#libs/tokens/sign-access-token.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import type { Caller } from '#services/identity/app/caller.js';
import {
  mayHoldSessions,
  requireFresh,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { principals } from '#services/identity/domain/principal/state.js';
import { tenantSettings } from '#services/identity/domain/tenant/state.js';

/** RFC 9700, 2.2.1 and 4.14: short enough that a stolen one is soon worthless. */
const DEFAULT_TTL_MS = 600_000;

export interface IssuedToken {
  readonly accessToken: string;
  /** ms since the Unix epoch. */
  readonly expiresAtMs: number;
}

export interface TokenRequest {
  readonly tenant: string;
  readonly principal: string;
  /** `''`: the default audience. */
  readonly audience: string;
  /** Permission patterns; empty: no limit. */
  readonly scopes: readonly string[];
  /** Absent: as the tenant says. */
  readonly ttlMs?: number | undefined;
  /** RFC 8176. */
  readonly amr: readonly string[];
  /** Ledger position at which the credential was verified. */
  readonly authPosition: number;
  /** Id of the credential that was verified: the token dies with it. */
  readonly credential: string;
  /** The credential itself ends then. */
  readonly notAfterMs?: number | undefined;
  /** ms since the Unix epoch; absent: now. */
  readonly authTimeMs?: number | undefined;
  /** The OAuth client that it is for. */
  readonly client?: string | undefined;
  /** The session that it belongs to. */
  readonly session?: string | undefined;
  /** The refresh family that it comes from. */
  readonly family?: string | undefined;
  readonly acr?: string | undefined;
  readonly confirmation?: Confirmation | undefined;
  /** The ledger could not be asked. */
  readonly outage?: boolean | undefined;
}

/** Signs an access token (RFC 9068) that carries the positions it stands on. Appends nothing. */
export async function issueToken(
  parts: IdentityParts,
  request: TokenRequest,
): Promise<IssuedToken> {
  const { tenant, principal, scopes, amr, session, family, client, acr, confirmation } = request;
  const audience = request.audience === '' ? parts.audiences[0] : request.audience;
  if (audience === undefined || !parts.audiences.includes(audience)) {
    throw invalid({ field: 'audience', description: 'is not an audience of this cluster' });
  }
  const key = await parts.signingKeys.active();
  const settings = tenantSettings.read(documentsOf(parts.ledger.state), tenant, tenant);
  const nowMs = parts.clock.wallMs();
  const ttlMs = request.ttlMs ?? settings?.accessTokenTtlMs ?? DEFAULT_TTL_MS;
  const expiresAtS = Math.floor(Math.min(nowMs + ttlMs, request.notAfterMs ?? Infinity) / 1000);
  const issuedAtS = Math.floor(nowMs / 1000);
  if (expiresAtS <= issuedAtS)
    throw new Failure('WRONG_STATE', 'the credential is about to expire');
  const accessToken = await signAccessToken(key, {
    issuer: parts.issuer,
    subject: principal,
    tenant,
    audience,
    issuedAtS,
    expiresAtS,
    tokenId: parts.ids.opaque(),
    scopes: scopes.length === 0 ? undefined : scopes,
    amr,
    authTimeS: Math.floor((request.authTimeMs ?? nowMs) / 1000),
    sessionId: session,
    clientId: client,
    acr,
    confirmation,
    ledger: {
      epoch: parts.ledger.fold.cluster?.epoch ?? 1,
      position: parts.ledger.reader.position,
      authPosition: request.authPosition,
      credential: request.credential,
      ...(mayHoldSessions(parts) && { sessionPosition: parts.sessions.reader.position }),
      family,
      issuedInOutage: request.outage,
    },
  });
  return { accessToken, expiresAtMs: expiresAtS * 1000 };
}

/**
 * A token for the service account that calls by API key. It never reaches further than the key: its
 * scopes lie within those of the key, it ends no later, and a key that is bound to a resource prefix
 * gets none, because a token cannot carry one.
 */
export async function issueServiceToken(
  parts: IdentityParts,
  caller: Caller,
  request: Pick<TokenRequest, 'audience' | 'scopes' | 'ttlMs'>,
): Promise<IssuedToken> {
  const { tenant, principal, credential } = caller;
  requireFresh(parts, tenant);
  const view = documentsOf(parts.ledger.state);
  const isService = principals.read(view, tenant, principal)?.kind === 'SERVICE';
  const key =
    credential.kind === 'API_KEY'
      ? findApiKey(parts.ledger.fold.view, credential.sha256)
      : undefined;
  if (!isService || key === undefined) {
    throw new Failure('PERMISSION_DENIED', 'only a service account that calls by API key gets one');
  }
  const { limits } = key;
  if (limits.resourcePrefix !== '') {
    throw new Failure(
      'PERMISSION_DENIED',
      'a key that is bound to a resource prefix gets no token',
    );
  }
  const beyond = request.scopes.findIndex((scope) => !isWithin(scope, limits.scopes));
  if (beyond >= 0) {
    throw invalid({ field: `scopes[${beyond}]`, description: 'goes beyond the scopes of the key' });
  }
  return issueToken(parts, {
    ...request,
    tenant,
    principal,
    scopes: request.scopes.length === 0 ? limits.scopes : request.scopes,
    amr: ['apikey'],
    authPosition: parts.ledger.reader.position,
    credential: key.credential,
    notAfterMs: Number.isFinite(limits.expiresAtMs) ? limits.expiresAtMs : undefined,
  });
}

/** Whether everything that `pattern` covers is covered by one of these; none: no limit. */
export function isWithin(pattern: string, limits: readonly string[]): boolean {
  return limits.length === 0 || limits.some((limit) => coversPattern(limit, pattern));
}
