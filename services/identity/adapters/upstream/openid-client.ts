import { createHash } from 'node:crypto';
import { Failure } from '#libs/errors/failure.js';
import type { Clock } from '#libs/runtime/clock.js';
import { verifyIdToken, type IdTokenVerdict } from '#libs/tokens/verify-id-token.js';
import type {
  UpstreamAnswer,
  UpstreamClient,
  UpstreamIdentity,
  UpstreamOpenId,
  UpstreamRequest,
} from '#services/identity/ports/upstream-openid.js';
import { Discovery, type ProviderFacts } from './discovery.js';
import { outboundJson, unreachable } from '../outbound/outbound-json.js';

const longestName = 100;

/** A relying party: code flow with PKCE (S256), state, nonce and `iss`; the ID token by its keys. */
export class OpenIdClient implements UpstreamOpenId {
  readonly #clock: Clock;
  readonly #allowPrivate: boolean;
  readonly #discovery: Discovery;

  /** `allowPrivate`: providers inside this network, and on this machine without TLS. */
  constructor(clock: Clock, allowPrivate: boolean) {
    this.#clock = clock;
    this.#allowPrivate = allowPrivate;
    this.#discovery = new Discovery(clock, allowPrivate);
  }

  async authorizationUrl(client: UpstreamClient, request: UpstreamRequest): Promise<string> {
    const { authorizationEndpoint } = await this.#discovery.facts(client.issuer);
    const url = new URL(authorizationEndpoint);
    const secure = url.protocol === 'https:' || (this.#allowPrivate && url.protocol === 'http:');
    if (!secure) throw unreachable('its addresses must be https');
    const { redirectUri, state, nonce, verifier, again, acrValues } = request;
    const challenge = createHash('sha256').update(verifier, 'ascii').digest('base64url');
    const parameters = {
      response_type: 'code',
      client_id: client.clientId,
      redirect_uri: redirectUri,
      scope: client.scopes.join(' '),
      state,
      nonce,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...(again ? { prompt: 'login', max_age: '0' } : {}),
      ...(acrValues.length === 0 ? {} : { acr_values: acrValues.join(' ') }),
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url.href;
  }

  async redeem(
    client: UpstreamClient,
    request: UpstreamRequest,
    { code, issuer }: UpstreamAnswer,
  ): Promise<UpstreamIdentity> {
    const facts = await this.#discovery.facts(client.issuer);
    // RFC 9207, section 2.4: an answer of another provider is not for this one's token endpoint.
    const absent = issuer === undefined && !facts.namesItself;
    if (!absent && issuer !== client.issuer) throw rejected();
    const token = await this.#redeemCode(client, facts, request, code);
    const { clientId, issuer: own } = client;
    const verify = async (anew: boolean): Promise<IdTokenVerdict> => {
      const jwks = await this.#discovery.keys(facts.jwksUri, anew);
      const rules = { jwks, issuer: own, clientId, nonce: request.nonce };
      return verifyIdToken(token, rules, this.#clock.wallMs());
    };
    let verdict = await verify(false);
    if (!verdict.ok && verdict.unknownKey) verdict = await verify(true);
    if (!verdict.ok) throw rejected();
    return identityOf(verdict.claims);
  }

  async #redeemCode(
    { clientId, clientSecret }: UpstreamClient,
    facts: ProviderFacts,
    { redirectUri, verifier }: UpstreamRequest,
    code: string,
  ): Promise<string> {
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    });
    const inHeader = clientSecret !== undefined && !facts.secretInForm;
    if (!inHeader) form.set('client_id', clientId);
    if (clientSecret !== undefined && !inHeader) form.set('client_secret', clientSecret);
    const { status, body } = await outboundJson({
      url: facts.tokenEndpoint,
      form,
      authorization: inHeader ? basic(clientId, clientSecret) : undefined,
      allowPrivate: this.#allowPrivate,
    });
    if (status >= 500) throw unreachable(`it answers ${status}`);
    const token = body['id_token'];
    if (status !== 200 || typeof token !== 'string') throw rejected();
    return token;
  }
}

/** RFC 6749, section 2.3.1: both are form-encoded before they are joined. */
function basic(clientId: string, secret: string): string {
  const encoded = (text: string): string => new URLSearchParams({ a: text }).toString().slice(2);
  const joined = `${encoded(clientId)}:${encoded(secret)}`;
  return `Basic ${Buffer.from(joined, 'utf8').toString('base64')}`;
}

function identityOf(
  claims: Readonly<Record<string, unknown>> & { readonly sub: string },
): UpstreamIdentity {
  const text = (name: string): string => {
    const value = claims[name];
    return typeof value === 'string' ? value.slice(0, longestName) : '';
  };
  const { email, amr } = claims;
  const verified = claims['email_verified'] === true && typeof email === 'string';
  return {
    subject: claims.sub,
    verifiedEmail: verified ? email : undefined,
    name: text('name'),
    locale: text('locale'),
    authTimeMs: authTimeMs(claims['auth_time']),
    acr: typeof claims['acr'] === 'string' ? claims['acr'] : '',
    amr: Array.isArray(amr) ? amr.filter((method) => typeof method === 'string') : [],
  };
}

/** Whole seconds since the Unix epoch; what is none says nothing. */
function authTimeMs(seconds: unknown): number | undefined {
  const ms = typeof seconds === 'number' ? Math.trunc(seconds) * 1000 : -1;
  return Number.isSafeInteger(ms) && ms >= 0 ? ms : undefined;
}

/** One text for everything that proves nothing. */
function rejected(): Failure {
  return new Failure('CREDENTIALS_REJECTED', 'the answer of the provider is not accepted');
}
