import type { EngineParts } from './engine-context.js';
import { grantIdText } from './grant-id.js';

/**
 * What the engine sees of an access token of ours that is good now, where it asks about the person
 * behind it; undefined: it is not. It wants to hear of no audience there: a token for that and one for
 * an API are one.
 */
export async function readAccessToken(
  { ledger }: EngineParts,
  value: unknown,
): Promise<object | undefined> {
  if (typeof value !== 'string') return undefined;
  const live = await ledger.liveToken(value);
  if (live === undefined) return undefined;
  const { principal, client = '', scopes, session, jkt, x5t } = live;
  return {
    kind: 'AccessToken',
    jti: live.tokenId,
    accountId: principal,
    clientId: client,
    // Only a token that somebody gave a client is looked up by its consent.
    ...(client === '' ? {} : { grantId: grantIdText({ principal, client }) }),
    ...(scopes === undefined ? {} : { scope: scopes.join(' ') }),
    iat: live.issuedAtS,
    exp: live.expiresAtS,
    ...(session === undefined ? {} : { sid: session }),
    ...(jkt === undefined ? {} : { jkt }),
    ...(x5t === undefined ? {} : { 'x5t#S256': x5t }),
  };
}
