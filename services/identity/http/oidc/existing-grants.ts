import type { KoaContextWithOIDC } from 'oidc-provider';
import { wantedClaims } from '../oauth/id-token.js';
import { resourceOf } from '../oauth/audience.js';
import { openidScopes } from '../oauth/scope-words.js';
import { clientOf, type EngineParts } from './engine-context.js';
import { grantIdText } from './grant-id.js';
import type { OauthClient } from '../oauth/oauth-ledger.js';

type Grant = InstanceType<KoaContextWithOIDC['oidc']['provider']['Grant']>;

/** What the client may have of whoever is logged in, as the engine wants to see it. */
export function existingGrants(
  parts: EngineParts,
): (ctx: KoaContextWithOIDC) => Promise<Grant | undefined> {
  /** By what was granted: that is another one when the client or the consent changes. */
  const made = new WeakMap<readonly string[], Grant>();
  return ({ oidc }) => {
    const client = clientOf(parts, oidc.client);
    const accountId = oidc.account?.accountId;
    if (accountId === undefined) return Promise.resolve(undefined);
    const scopes = parts.ledger.granted(client, accountId);
    const known = made.get(scopes);
    if (known?.accountId === accountId && known.clientId === client.client) {
      return Promise.resolve(known);
    }
    const grant = new oidc.provider.Grant({ accountId, clientId: client.client });
    grant.jti = grantIdText({ principal: accountId, client: client.client });
    addScopes(parts, grant, client, scopes);
    made.set(scopes, grant);
    return Promise.resolve(grant);
  };
}

function addScopes(
  { ledger }: EngineParts,
  grant: Grant,
  client: OauthClient,
  scopes: readonly string[],
): void {
  if (scopes.length === 0) return;
  const openid = scopes.filter((scope) => (openidScopes as readonly string[]).includes(scope));
  if (openid.length > 0) grant.addOIDCScope(openid.join(' '));
  // Nobody is asked about single claims: what is given hangs on scopes alone (`findAccount`).
  grant.addOIDCClaims([...wantedClaims(openidScopes)]);
  for (const { id } of ledger.audiencesOf(client)) {
    grant.addResourceScope(resourceOf(id), scopes.join(' '));
  }
}
