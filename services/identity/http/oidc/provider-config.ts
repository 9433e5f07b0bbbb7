import {
  errors,
  type ClientAuthMethod,
  type Configuration,
  type JWKS,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import { proofAlgorithms } from '../oauth/dpop.js';
import { audienceOf, resourceOf } from '../oauth/audience.js';
import { certificateOwner } from './client-metadata.js';
import { openidScopes } from '../oauth/scope-words.js';
import {
  isAuthorized,
  peerCertificate,
  spkiSha256,
  uriNames,
} from '../oauth/client-certificate.js';
import type { EngineParts } from './engine-context.js';
import { findAccount } from './find-account.js';
import { existingGrants } from './existing-grants.js';
import { oidcAdapter } from './oidc-adapter.js';
import { isOwnOrigin } from '../oauth/own-origin.js';
import { browserStateTtlS } from './oidc-models.js';
import { engineViews } from './engine-views.js';
import { loginPolicy } from './login-policy.js';

/** RFC 6749, section 4.1.2; RFC 9700: codes live as long as a redirect takes. */
const codeTtlS = 60;
const deviceTtlS = 600;
export const acrValues = ['urn:ledgate:acr:1', 'urn:ledgate:acr:2'] as const;

const routes = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  jwks: '/oauth/jwks',
  userinfo: '/oauth/userinfo',
  end_session: '/oauth/logout',
  pushed_authorization_request: '/oauth/par',
  device_authorization: '/oauth/device',
  code_verification: '/oauth/activate',
};

const ttl = {
  AuthorizationCode: codeTtlS,
  DeviceCode: deviceTtlS,
  Interaction: browserStateTtlS,
  Session: browserStateTtlS,
  Grant: browserStateTtlS,
};

export interface ProviderKeys {
  /** Private keys, the one that signs first. */
  readonly jwks: JWKS;
  readonly algorithm: 'EdDSA' | 'ES256' | 'RS256';
  /** 32 bytes each. */
  readonly nonceSecret: Buffer;
  readonly cookieKey: Buffer;
}

/** How the engine is set up; what it would store and decide is in the functions that it is given. */
export function providerConfig(parts: EngineParts, keys: ProviderKeys): Configuration {
  const { algorithm } = keys;
  const methods: ClientAuthMethod[] = [
    'client_secret_basic',
    'client_secret_post',
    'private_key_jwt',
    'tls_client_auth',
    'none',
  ];
  return {
    adapter: oidcAdapter(parts),
    jwks: keys.jwks,
    acrValues: [...acrValues],
    scopes: [...openidScopes],
    claims: {
      openid: ['sub', 'acr', 'amr', 'auth_time'],
      profile: ['name', 'preferred_username', 'locale'],
      email: ['email', 'email_verified'],
    },
    clientAuthMethods: methods,
    clientDefaults: { id_token_signed_response_alg: algorithm },
    enabledJWA: {
      idTokenSigningAlgValues: [algorithm],
      clientAuthSigningAlgValues: ['EdDSA', 'ES256', 'RS256', 'PS256'],
      dPoPSigningAlgValues: [...proofAlgorithms],
    },
    clientBasedCORS: (_ctx, origin, client) => isOwnOrigin(client.redirectUris ?? [], origin),
    cookies: cookieConfig(parts, keys.cookieKey),
    routes,
    // These answer without the engine.
    discovery: {
      introspection_endpoint: `${parts.issuer.origin}/oauth/introspect`,
      revocation_endpoint: `${parts.issuer.origin}/oauth/revoke`,
    },
    ttl,
    pkce: {
      required: (_ctx, client) =>
        client.tokenEndpointAuthMethod === 'none' ||
        parts.ledger.client(client.clientId)?.settings.pkceRequired !== false,
    },
    responseTypes: ['code'],
    allowOmittingSingleRegisteredRedirectUri: false,
    expiresWithSession: () => false,
    findAccount: (_ctx, id) => findAccount(parts, id),
    loadExistingGrant: existingGrants(parts),
    interactions: {
      policy: loginPolicy(parts),
      url: (_ctx, interaction) => `/interaction/${interaction.uid}`,
    },
    features: features(parts, keys),
    renderError: engineViews.error,
  };
}

function features(parts: EngineParts, keys: ProviderKeys): Configuration['features'] {
  return {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    deviceFlow: {
      enabled: true,
      userCodeInputSource: engineViews.userCodeInput,
      userCodeConfirmSource: engineViews.userCodeConfirm,
      successSource: engineViews.deviceSuccess,
    },
    pushedAuthorizationRequests: { enabled: true },
    dPoP: { enabled: true, nonceSecret: keys.nonceSecret, requireNonce: () => false },
    mTLS: {
      enabled: true,
      tlsClientAuth: true,
      certificateBoundAccessTokens: true,
      getCertificate: (ctx) => peerCertificate(ctx.req),
      certificateAuthorized: (ctx) => isAuthorized(ctx.req),
      certificateSubjectMatches: (ctx, _property, expected) => isBound(parts, ctx, expected),
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_ctx, client, oneOf) => {
        const [first] = oneOf ?? [];
        return Promise.resolve(first ?? defaultResource(parts, client.clientId));
      },
      getResourceServerInfo: (_ctx, resource, client) =>
        Promise.resolve(resourceServer(parts, resource, client.clientId, keys.algorithm)),
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: engineViews.logout,
      postLogoutSuccessSource: engineViews.loggedOut,
    },
    backchannelLogout: { enabled: true },
    userinfo: { enabled: true },
    claimsParameter: { enabled: true },
  };
}

function cookieConfig({ secure }: EngineParts, key: Buffer): Configuration['cookies'] {
  const both = { httpOnly: true, sameSite: 'lax', secure, signed: true, path: '/' } as const;
  const prefix = secure ? '__Host-' : '';
  return {
    keys: [key.toString('base64url')],
    names: {
      session: `${prefix}ledgate_state`,
      interaction: 'ledgate_interaction',
      resume: 'ledgate_resume',
    },
    long: both,
    short: { httpOnly: true, sameSite: 'lax', secure, signed: true },
  };
}

function defaultResource({ ledger }: EngineParts, clientId: string): string {
  const client = ledger.client(clientId);
  const [first] = client === undefined ? [] : ledger.audiencesOf(client);
  if (first === undefined) throw new errors.InvalidClient('client not found');
  return resourceOf(first.id);
}

function resourceServer(
  { ledger }: EngineParts,
  resource: string,
  clientId: string,
  alg: ProviderKeys['algorithm'],
) {
  const client = ledger.client(clientId);
  const audience = audienceOf(resource);
  const known =
    client !== undefined && ledger.audiencesOf(client).some(({ id }) => id === audience);
  if (!known) throw new errors.InvalidTarget();
  const scope = client.settings.scopes.join(' ');
  return { scope, audience, accessTokenFormat: 'jwt', jwt: { sign: { alg } } } as const;
}

function isBound({ ledger, jar }: EngineParts, ctx: KoaContextWithOIDC, expected: string): boolean {
  const certificate = peerCertificate(ctx.req);
  const client = ledger.client(ctx.oidc.client?.clientId ?? '');
  if (certificate === undefined || client === undefined) return false;
  if (expected !== certificateOwner(client.client)) return false;
  const found = ledger.certificateOf(client, spkiSha256(certificate), uriNames(certificate));
  jar.noted.set('client credential', found);
  return found !== undefined;
}
