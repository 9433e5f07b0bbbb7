import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import { freePort } from '../net/free-ports.js';

export interface RealProvider {
  readonly issuer: string;
  readonly secret: string;
  /** Claims by subject. */
  readonly people: Map<string, Record<string, unknown>>;
  /** Where the provider sends the browser of a person who is logged in there. */
  authorize(location: string, subject: string): Promise<string>;
  close(): Promise<void>;
}

/** The engine `oidc-provider` with nothing of ours around it, as somebody else's provider. */
export async function startRealProvider(redirectUri: string): Promise<RealProvider> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const secret = 'a secret of the test that is long enough to be one';
  const people = new Map<string, Record<string, unknown>>();
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...jwk, kid: 'one', alg: 'EdDSA', use: 'sig' }] },
    clientDefaults: { id_token_signed_response_alg: 'EdDSA' },
    conformIdTokenClaims: false,
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'locale'] },
    clients: [{ client_id: 'us', client_secret: secret, redirect_uris: [redirectUri] }],
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => Promise.resolve({ sub: id, ...people.get(id) }),
    }),
    loadExistingGrant: async (ctx) => {
      const { client, account } = ctx.oidc;
      const accountId = account?.accountId ?? '';
      const grant = new provider.Grant({ clientId: client?.clientId ?? '', accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: () => '/login' },
  });
  const answer = provider.callback();
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  return {
    issuer,
    secret,
    people,
    authorize: async (location, subject) => {
      const session = new provider.Session();
      session.loginAccount({ accountId: subject });
      await session.save(3600);
      const cookie = `${provider.cookieName('session')}=${session.jti}`;
      const reply = await fetch(location, { redirect: 'manual', headers: { cookie } });
      await reply.body?.cancel();
      return reply.headers.get('location') ?? '';
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
