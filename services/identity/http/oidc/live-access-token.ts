import { engineContext, type EngineParts } from './engine-context.js';
import { grantIdText } from './grant-id.js';
import type { LiveToken } from './oidc-ledger.js';
import { bareToken } from './structured-tokens.js';

/**
 * What the engine sees of an access token of ours that is good now; undefined: it is not. The
 * userinfo endpoint wants to hear of no audience: a token for it and one for an API are one.
 */
export async function readAccessToken(
  parts: EngineParts,
  value: unknown,
): Promise<object | undefined> {
  if (typeof value !== 'string') return undefined;
  const text = bareToken(value);
  const live = await parts.ledger.liveToken(text);
  if (live === undefined) return undefined;
  parts.jar.noted.set('live token', live);
  const client = live.client ?? '';
  const { route } = engineContext().oidc;
  // Of a login without OAuth: the engine would look for its client, and there is none.
  const alone = client === '' && route !== 'userinfo';
  return {
    kind: 'AccessToken',
    jti: live.tokenId,
    ...(alone ? {} : { accountId: live.principal, clientId: client }),
    // Only a token that somebody gave a client is looked up by its consent.
    ...(client !== '' && route === 'userinfo'
      ? { grantId: grantIdText({ principal: live.principal, client }) }
      : {}),
    ...(route === 'userinfo' ? {} : { aud: live.audience }),
    ...(live.scopes === undefined ? {} : { scope: live.scopes.join(' ') }),
    iat: live.issuedAtS,
    exp: live.expiresAtS,
    ...(live.session === undefined ? {} : { sid: live.session }),
    ...(live.jkt === undefined ? {} : { jkt: live.jkt }),
    ...(live.x5t === undefined ? {} : { 'x5t#S256': live.x5t }),
    extra: { ...extraOf(live), ...(alone ? { sub: live.principal } : {}) },
  };
}

/** Beyond RFC 7662, section 2.2: what a resource server needs for step-up (RFC 9470, section 6.2). */
function extraOf(live: LiveToken): Record<string, unknown> {
  return {
    tenant: live.tenant,
    auth_time: live.authTimeS,
    amr: live.amr,
    ...(live.acr === undefined ? {} : { acr: live.acr }),
    ...(live.act === undefined ? {} : { act: live.act }),
  };
}
