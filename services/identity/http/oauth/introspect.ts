import { isRefreshToken } from '#libs/tokens/refresh-token.js';
import type { LiveToken, OauthClient } from './oauth-ledger.js';
import { actingClient } from './acting-client.js';
import { answerJson } from './answer-json.js';
import { neededParam, refuseRepeated, type FormRequest } from './form-request.js';
import type { OauthParts } from './oauth-parts.js';

/**
 * RFC 7662: what a token of any kind is worth now. The token itself says of which kind it is, so
 * that `token_type_hint` changes nothing. Of a token that is no good, or that is none of the
 * client's business, nothing but that is said (section 2.2).
 *
 * @throws OauthError of a request that is refused; Failure when the ledgers cannot say it now.
 */
export async function introspect(parts: OauthParts, request: FormRequest): Promise<void> {
  refuseRepeated(request);
  const { client } = await actingClient(parts, request);
  parts.ledger.requireFresh(client.tenant);
  const token = neededParam(request, 'token');
  const found = await (isRefreshToken(token)
    ? refreshToken(parts, client, token)
    : accessToken(parts, client, token));
  answerJson(request, 200, found ?? { active: false });
}

async function accessToken(
  { ledger, issuer }: OauthParts,
  asking: OauthClient,
  text: string,
): Promise<object | undefined> {
  const live = await ledger.liveToken(text);
  if (live === undefined || !mayAsk(asking, live.client, live.tenant)) return undefined;
  return {
    active: true,
    sub: live.principal,
    tenant: live.tenant,
    // RFC 9470, section 6.2: what a resource server needs to ask for more.
    auth_time: live.authTimeS,
    amr: live.amr,
    acr: live.acr,
    act: live.act,
    client_id: live.client,
    exp: live.expiresAtS,
    iat: live.issuedAtS,
    sid: live.session,
    iss: issuer.origin,
    jti: live.tokenId,
    aud: live.audience,
    scope: scopeText(live.scopes),
    ...bindingOf(live),
  };
}

async function refreshToken(
  { ledger, issuer }: OauthParts,
  asking: OauthClient,
  text: string,
): Promise<object | undefined> {
  const family = await ledger.familyOf(text);
  // A client that is not served cannot use it.
  const its = family && ledger.client(family.client);
  if (family === undefined || its === undefined) return undefined;
  if (!mayAsk(asking, its.client, its.tenant)) return undefined;
  const { confirmation } = family;
  return {
    active: true,
    sub: family.principal,
    client_id: family.client,
    exp: Math.floor(Math.min(family.expiresAtMs, family.idleUntilMs) / 1000),
    iat: Math.floor(family.rotatedAtMs / 1000),
    sid: family.session,
    iss: issuer.origin,
    scope: scopeText(family.scopes),
    cnf: confirmation === undefined ? undefined : (JSON.parse(confirmation) as object),
  };
}

/** Whoever asks is the token's own client, or one of its tenant that proves who it is (section 4). */
function mayAsk(asking: OauthClient, client: string | undefined, tenant: string): boolean {
  if (asking.client === client) return true;
  return asking.settings.authMethod !== 'none' && asking.tenant === tenant;
}

/** Undefined: no limit, or nothing to say. */
function scopeText(scopes: readonly string[] | undefined): string | undefined {
  return scopes === undefined || scopes.length === 0 ? undefined : scopes.join(' ');
}

/** RFC 9449, section 6.2; RFC 8705, section 3.2. */
function bindingOf({ jkt, x5t }: LiveToken): object {
  const cnf = { jkt, 'x5t#S256': x5t };
  const isBound = jkt !== undefined || x5t !== undefined;
  return { cnf: isBound ? cnf : undefined, token_type: jkt === undefined ? 'Bearer' : 'DPoP' };
}
