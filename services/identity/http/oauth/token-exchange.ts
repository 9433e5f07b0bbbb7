import { audienceOf } from './audience.js';
import type { Actor, LiveToken, OauthClient, Verified } from './oauth-ledger.js';
import { words } from './scope-words.js';
import { newAccessToken } from './access-token.js';
import type { FormRequest } from './form-request.js';
import { invalidGrant } from './grant-problem.js';
import { keyBinding } from './key-binding.js';
import { invalidRequest, OauthError } from './oauth-error.js';
import type { OauthParts } from './oauth-parts.js';
import { invalidTarget, requestedResource } from './requested-target.js';
import type { GrantRequest, TokenAnswer } from './token-parts.js';

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const jwtType = 'urn:ietf:params:oauth:token-type:jwt';
/** Of one chain: each says who acted for whom (RFC 8693, section 4.1). */
const mostActors = 4;

/**
 * RFC 8693, narrowing only: the same principal, scopes that the subject token has, an audience that
 * the client may ask for, and no longer than the subject token. A client exchanges tokens that were
 * issued to it, or that name it as their audience; those of others are not its to exchange.
 */
export async function tokenExchange(parts: OauthParts, asked: GrantRequest): Promise<TokenAnswer> {
  const { form, acting, jkt } = asked;
  const { client } = acting;
  if (client.settings.dpopRequired) {
    const why = 'its tokens are bound to a key, which is not possible here';
    throw new OauthError('unauthorized_client', why);
  }
  if (jkt !== undefined) throw invalidRequest('a DPoP proof is not taken here');
  const subject = await subjectOf(parts, client, form);
  const audience = audienceFor(parts, client, subject, form);
  const scopes = scopesFor(client, subject, form);
  const longestS = subject.expiresAtS - Math.floor(parts.clock.wallMs() / 1000);
  if (longestS < 1) throw invalidGrant('the subject token is about to expire');
  const { family, outage } = subject;
  const access = await newAccessToken(parts, asked, {
    audience,
    scopes,
    verified: verifiedOf(subject),
    family,
    binding: keyBinding(asked),
    outage,
    act: actorOf(client, subject),
    longestS,
  });
  return { ...access, issued_token_type: accessTokenType, scope: scopes.join(' ') };
}

async function subjectOf(
  { ledger }: OauthParts,
  client: OauthClient,
  { params }: FormRequest,
): Promise<LiveToken> {
  const type = params.get('subject_token_type');
  if (type !== accessTokenType && type !== jwtType) {
    throw invalidRequest('subject_token_type must be that of an access token');
  }
  const wanted = params.get('requested_token_type') ?? accessTokenType;
  if (wanted !== accessTokenType && wanted !== jwtType) {
    throw invalidRequest('requested_token_type must be that of an access token');
  }
  if (params.has('actor_token')) {
    throw invalidRequest('the actor is the client itself: actor_token is not taken');
  }
  const live = await ledger.liveToken(params.get('subject_token') ?? '');
  if (live === undefined) throw invalidRequest('subject_token is not good');
  const isIts = live.client === client.client || live.audience === client.client;
  if (live.tenant !== client.tenant || !isIts) {
    throw invalidRequest('subject_token was not issued to, or for, this client');
  }
  // Whoever holds a bound token must show its key, which the exchange could not carry over.
  if (live.jkt !== undefined || live.x5t !== undefined) {
    throw invalidRequest('a token that is bound to a key cannot be exchanged');
  }
  return live;
}

function audienceFor(
  { ledger }: OauthParts,
  client: OauthClient,
  subject: LiveToken,
  form: FormRequest,
): string {
  const audience = form.params.get('audience');
  const resource = requestedResource(form);
  const named = resource === undefined ? undefined : audienceOf(resource);
  if (audience !== undefined && named !== undefined && audience !== named) {
    throw invalidTarget('a token is for one audience: audience and resource name two');
  }
  const asked = audience ?? named ?? subject.audience;
  if (ledger.audiencesOf(client).some(({ id }) => id === asked)) return asked;
  throw invalidTarget('the client may not ask for this audience');
}

function scopesFor(
  { settings }: OauthClient,
  subject: LiveToken,
  { params }: FormRequest,
): readonly string[] {
  const asked = words(params.get('scope'));
  const has = new Set(subject.scopes ?? settings.scopes);
  const may = new Set(settings.scopes);
  const beyond = asked.find((scope) => !has.has(scope) || !may.has(scope));
  if (beyond !== undefined) {
    const why = 'scope goes beyond the subject token or the client';
    throw new OauthError('invalid_scope', why, { members: { scope: beyond } });
  }
  return asked.length > 0 ? asked : [...has].filter((scope) => may.has(scope));
}

function verifiedOf(subject: LiveToken): Verified {
  const { tenant, principal, session = '', credential, acr = '', amr, authPosition } = subject;
  const authTimeMs = subject.authTimeS * 1000;
  return { tenant, principal, session, credential, acr, amr, authTimeMs, authPosition };
}

function actorOf(client: OauthClient, { act: before }: LiveToken): Actor {
  let depth = 1;
  for (let act = before; act !== undefined; act = act.act) depth += 1;
  if (depth > mostActors) throw invalidRequest('too many have acted already');
  return { sub: client.principal, ...(before === undefined ? {} : { act: before }) };
}
