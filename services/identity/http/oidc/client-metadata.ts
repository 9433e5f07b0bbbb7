import type { AdapterPayload } from 'oidc-provider';
import type { OauthClient } from '../oauth/oauth-ledger.js';
import { openidScopes } from '../oauth/scope-words.js';

/** Never compared: `isSecretOf` asks the ledger. The engine insists on one. */
const noSecret = 'the ledger has it';

/** RFC 7591 metadata of a client, as the engine wants it. */
export function clientMetadata({ client, kind, settings }: OauthClient): AdapterPayload {
  const { authMethod, grantTypes, scopes, jwks, backchannelLogoutUri } = settings;
  const openid = openidScopes.filter((scope) => scopes.includes(scope)).join(' ');
  const bySecret = authMethod === 'client_secret_basic' || authMethod === 'client_secret_post';
  const byCertificate = authMethod === 'tls_client_auth';
  return {
    client_id: client,
    client_name: settings.name,
    application_type: kind === 'NATIVE' ? 'native' : 'web',
    redirect_uris: [...settings.redirectUris],
    post_logout_redirect_uris: [...settings.postLogoutRedirectUris],
    grant_types: [...grantTypes],
    response_types: grantTypes.includes('authorization_code') ? ['code'] : [],
    // The engine takes none, but not an empty one.
    ...(openid === '' ? {} : { scope: openid }),
    token_endpoint_auth_method: authMethod,
    ...(bySecret ? { client_secret: noSecret } : {}),
    ...(jwks === undefined
      ? {}
      : { jwks: JSON.parse(jwks) as NonNullable<AdapterPayload['jwks']> }),
    require_pushed_authorization_requests: settings.parRequired,
    dpop_bound_access_tokens: settings.dpopRequired,
    ...(byCertificate
      ? {
          tls_client_auth_san_uri: certificateOwner(client),
          tls_client_certificate_bound_access_tokens: !settings.dpopRequired,
        }
      : {}),
    ...(backchannelLogoutUri === undefined
      ? {}
      : {
          backchannel_logout_uri: backchannelLogoutUri,
          backchannel_logout_session_required: true,
        }),
  };
}

/** Stands for "a certificate that is bound to the client's account". */
export function certificateOwner(client: string): string {
  return `urn:ledgate:client:${client}`;
}
