import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOauthCell, type OauthCell } from '../../support/oauth/oauth-cell.js';

let cell: OauthCell;
beforeAll(async () => {
  cell = await startOauthCell('discovery');
});
afterAll(() => cell.stop());

/** What clients have been built against: a difference is a change of our interface. */
const golden = {
  acr_values_supported: ['urn:ledgate:acr:1', 'urn:ledgate:acr:2'],
  authorization_endpoint: '/oauth/authorize',
  authorization_response_iss_parameter_supported: true,
  backchannel_logout_session_supported: true,
  backchannel_logout_supported: true,
  claim_types_supported: ['normal'],
  claims_parameter_supported: true,
  claims_supported: [
    'sub',
    'acr',
    'amr',
    'auth_time',
    'name',
    'preferred_username',
    'locale',
    'email',
    'email_verified',
    'sid',
    'iss',
  ],
  code_challenge_methods_supported: ['S256'],
  device_authorization_endpoint: '/oauth/device',
  dpop_signing_alg_values_supported: ['ES256', 'EdDSA', 'Ed25519'],
  end_session_endpoint: '/oauth/logout',
  grant_types_supported: [
    'authorization_code',
    'refresh_token',
    'client_credentials',
    'urn:ietf:params:oauth:grant-type:device_code',
    'urn:ietf:params:oauth:grant-type:token-exchange',
  ],
  id_token_signing_alg_values_supported: ['EdDSA'],
  introspection_endpoint: '/oauth/introspect',
  issuer: '',
  jwks_uri: '/oauth/jwks',
  pushed_authorization_request_endpoint: '/oauth/par',
  request_uri_parameter_supported: false,
  response_modes_supported: ['form_post', 'fragment', 'query'],
  response_types_supported: ['code'],
  revocation_endpoint: '/oauth/revoke',
  scopes_supported: ['openid', 'offline_access', 'profile', 'email'],
  subject_types_supported: ['public'],
  tls_client_certificate_bound_access_tokens: true,
  token_endpoint: '/oauth/token',
  token_endpoint_auth_methods_supported: [
    'client_secret_basic',
    'client_secret_post',
    'private_key_jwt',
    'tls_client_auth',
    'none',
  ],
  token_endpoint_auth_signing_alg_values_supported: ['EdDSA', 'ES256', 'RS256', 'PS256'],
  userinfo_endpoint: '/oauth/userinfo',
};

const isAddress = (name: string): boolean => /(?:_endpoint|_uri|^issuer)$/u.test(name);

test.each(['openid-configuration', 'oauth-authorization-server'])(
  '%s says what it always said',
  async (name) => {
    const answer = await fetch(`${cell.issuer}/.well-known/${name}`);
    const whole = Object.entries(golden).map(([key, value]) => [
      key,
      isAddress(key) ? `${cell.issuer}${String(value)}` : value,
    ]);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual(Object.fromEntries(whole));
  },
);
