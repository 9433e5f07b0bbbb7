// The engine and nothing else: its in-memory adapter, the same features, the same kind of tokens.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import { freePort } from '../../support/net/free-ports.js';
import type { OauthGreeting } from './oauth-greeting.js';

const port = await freePort();
const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
const scope = 'openid offline_access orders:read';
const redirectUri = 'http://127.0.0.1:9/callback';
const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: { keys: [{ ...jwk, kid: 'one', alg: 'EdDSA', use: 'sig' }] },
  clientDefaults: { id_token_signed_response_alg: 'EdDSA' },
  clients: [
    {
      client_id: 'shop',
      client_secret: 'a secret of the bench that is long enough to be one',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
  ],
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => Promise.resolve({ sub: id }) }),
  loadExistingGrant: async (ctx) => {
    const { client, account } = ctx.oidc;
    const grant = new provider.Grant({
      clientId: client?.clientId ?? '',
      accountId: account?.accountId ?? '',
    });
    grant.addOIDCScope('openid offline_access');
    grant.addResourceScope('urn:orders', scope);
    await grant.save();
    return grant;
  },
  // Flows of one browser run side by side here.
  expiresWithSession: () => false,
  ttl: {
    AccessToken: 600,
    AuthorizationCode: 60,
    ClientCredentials: 600,
    Grant: 3600,
    IdToken: 600,
    RefreshToken: 3600,
    Session: 3600,
  },
  issueRefreshToken: () => Promise.resolve(true),
  rotateRefreshToken: true,
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => Promise.resolve('urn:orders'),
      useGrantedResource: () => Promise.resolve(true),
      getResourceServerInfo: () =>
        Promise.resolve({
          scope,
          audience: 'orders',
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'EdDSA' } },
        }),
    },
  },
  interactions: { url: () => '/login' },
});
const session = new provider.Session();
session.loginAccount({ accountId: 'alice' });
await session.save(3600);
// Its adapter forgets all but the last thousand things.
setInterval(() => void session.save(3600), 50);
const greeting: OauthGreeting = {
  port,
  paths: { authorize: '/auth', token: '/token', introspect: '/token/introspection' },
  clientId: 'shop',
  secret: 'a secret of the bench that is long enough to be one',
  redirectUri,
  cookie: `${provider.cookieName('session')}=${session.jti}`,
};
const answer = provider.callback();
createServer((request, response) => void answer(request, response)).listen(port, '127.0.0.1', () =>
  process.send?.(greeting),
);
process.on('disconnect', () => process.exit(0));
