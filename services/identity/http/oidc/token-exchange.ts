import type { SigningAlgorithm } from '#libs/tokens/keys.js';
import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider';
import type { ExchangedSubject } from './access-token-payload.js';
import { audienceOf, resourceOf } from './audience.js';
import { peerCertificate } from './client-certificate.js';
import { clientOf, textParam, type EngineParts } from './engine-context.js';
import type { LiveToken, OauthClient } from './oidc-ledger.js';
import { words } from './scope-words.js';

export const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const jwtType = 'urn:ietf:params:oauth:token-type:jwt';
/** Of one chain: each says who acted for whom (RFC 8693, section 4.1). */
const mostActors = 4;

/**
 * RFC 8693, narrowing only: the same principal, scopes that the subject token has, an audience that
 * the client may ask for, and no longer than the subject token. A client exchanges tokens that were
 * issued to it, or that name it as their audience; those of others are not its to exchange.
 */
export function addTokenExchange(
  provider: Provider,
  parts: EngineParts,
  alg: SigningAlgorithm,
): void {
  const parameters = ['subject_token', 'subject_token_type', 'requested_token_type', 'audience'];
  provider.registerGrantType(tokenExchange, (ctx) => exchange(provider, parts, alg, ctx), [
    ...parameters,
    'resource',
    'scope',
    'actor_token',
    'actor_token_type',
  ]);
}

async function exchange(
  provider: Provider,
  parts: EngineParts,
  alg: SigningAlgorithm,
  ctx: KoaContextWithOIDC,
): Promise<void> {
  const client = clientOf(parts, ctx.oidc.client);
  const engineClient = ctx.oidc.client;
  if (engineClient === undefined) throw new errors.InvalidClient('client not found');
  if (client.settings.dpopRequired) {
    throw new errors.UnauthorizedClient(
      'its tokens are bound to a key, which is not possible here',
    );
  }
  const subject = await subjectOf(parts, client, ctx);
  const audience = audienceFor(parts, client, subject, ctx);
  const scopes = scopesFor(client, subject, ctx);
  const nowS = Math.floor(parts.clock.wallMs() / 1000);
  const longestS = parts.ledger.accessTtlS(client, audience);
  const expiresIn = Math.min(longestS, subject.expiresAtS - nowS);
  if (expiresIn < 1) throw new errors.InvalidGrant('the subject token is about to expire');
  parts.jar.noted.set('exchanged', exchangedSubject(client, subject));
  const token = new provider.AccessToken({
    accountId: subject.principal,
    client: engineClient,
    grantId: '',
    gty: 'token_exchange',
    expiresIn,
  });
  const server = {
    scope: scopes.join(' '),
    audience,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg } },
  } as const;
  token.resourceServer = new provider.ResourceServer(resourceOf(audience), server);
  token.scope = scopes.join(' ');
  bindToCertificate(token, ctx);
  const proof = ctx.get('dpop');
  if (proof !== '') throw new errors.InvalidRequest('a DPoP proof is not taken here');
  ctx.body = {
    access_token: await token.save(),
    issued_token_type: accessTokenType,
    token_type: token.tokenType,
    expires_in: token.expiration,
    scope: token.scope,
  };
}

/** RFC 8705, section 3: as every other token of such a client. */
function bindToCertificate(
  token: InstanceType<Provider['AccessToken']>,
  ctx: KoaContextWithOIDC,
): void {
  if (ctx.oidc.client?.tlsClientCertificateBoundAccessTokens !== true) return;
  const certificate = peerCertificate(ctx.req);
  if (certificate === undefined) throw new errors.InvalidGrant('a client certificate is needed');
  token.setThumbprint('x5t', certificate);
}

async function subjectOf(
  { ledger }: EngineParts,
  client: OauthClient,
  { oidc }: KoaContextWithOIDC,
): Promise<LiveToken> {
  const params = oidc.params ?? {};
  const type = params['subject_token_type'];
  if (type !== accessTokenType && type !== jwtType) {
    throw new errors.InvalidRequest('subject_token_type must be that of an access token');
  }
  const wanted = params['requested_token_type'] ?? accessTokenType;
  if (wanted !== accessTokenType && wanted !== jwtType) {
    throw new errors.InvalidRequest('requested_token_type must be that of an access token');
  }
  if (params['actor_token'] !== undefined) {
    throw new errors.InvalidRequest('the actor is the client itself: actor_token is not taken');
  }
  const live = await ledger.liveToken(textParam(params, 'subject_token') ?? '');
  if (live === undefined) throw new errors.InvalidRequest('subject_token is not good');
  const isIts = live.client === client.client || live.audience === client.client;
  if (live.tenant !== client.tenant || !isIts) {
    throw new errors.InvalidRequest('subject_token was not issued to, or for, this client');
  }
  // Whoever holds a bound token must show its key, which the exchange could not carry over.
  if (live.jkt !== undefined || live.x5t !== undefined) {
    throw new errors.InvalidRequest('a token that is bound to a key cannot be exchanged');
  }
  return live;
}

function audienceFor(
  { ledger }: EngineParts,
  client: OauthClient,
  subject: LiveToken,
  { oidc }: KoaContextWithOIDC,
): string {
  const audience = textParam(oidc.params, 'audience');
  const resource = textParam(oidc.params, 'resource');
  const asked = audience ?? (resource === undefined ? subject.audience : audienceOf(resource));
  if (ledger.audiencesOf(client).some(({ id }) => id === asked)) return asked;
  throw new errors.InvalidTarget('the client may not ask for this audience');
}

function scopesFor(
  { settings }: OauthClient,
  subject: LiveToken,
  { oidc }: KoaContextWithOIDC,
): readonly string[] {
  const asked = words(textParam(oidc.params, 'scope'));
  const has = new Set(subject.scopes ?? settings.scopes);
  const may = new Set(settings.scopes);
  const beyond = asked.find((scope) => !has.has(scope) || !may.has(scope));
  if (beyond !== undefined) {
    throw new errors.InvalidScope('scope goes beyond the subject token or the client', beyond);
  }
  return asked.length > 0 ? asked : [...has].filter((scope) => may.has(scope));
}

function exchangedSubject(client: OauthClient, subject: LiveToken): ExchangedSubject {
  const before = subject.act;
  let depth = 1;
  for (let act = before; act !== undefined; act = act.act) depth += 1;
  if (depth > mostActors) throw new errors.InvalidRequest('too many have acted already');
  return {
    verified: {
      tenant: subject.tenant,
      principal: subject.principal,
      session: subject.session ?? '',
      credential: subject.credential,
      acr: subject.acr ?? '',
      amr: subject.amr,
      authTimeMs: subject.authTimeS * 1000,
      authPosition: subject.authPosition,
    },
    family: subject.family,
    outage: subject.outage,
    act: { sub: client.principal, ...(before === undefined ? {} : { act: before }) },
  };
}
