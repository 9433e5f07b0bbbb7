import type { IncomingMessage, ServerResponse } from 'node:http';
import { audienceOf, resourceOf } from '../oauth/audience.js';
import { openidScopes } from '../oauth/scope-words.js';
import { newCode } from './code-model.js';
import type { EngineParts } from './engine-context.js';
import type { OauthClient, Verified } from '../oauth/oauth-ledger.js';

/** What is asked for, by a client that may ask for a code and sends nothing unusual. */
interface QuietRequest {
  readonly client: OauthClient;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly pkce: string;
  readonly nonce: string | undefined;
  readonly state: string | undefined;
}

/** Whatever else is sent is for the engine, also what it does not know. */
const quietParams: ReadonlySet<string> = new Set([
  'client_id',
  'code_challenge',
  'code_challenge_method',
  'nonce',
  'redirect_uri',
  'response_type',
  'scope',
  'state',
]);
const start = '/oauth/authorize?';
/** A SHA-256 in base64url (RFC 7636, section 4.2). */
const s256Text = /^[\w-]{43}$/u;

/**
 * Sends a browser on with its code where nobody has to be asked anything: somebody is logged in, the
 * client has every scope already, and the request is as plain as one can be. True: answered. False:
 * nothing was done, and the request is for the engine, which judges it from the start. What this says no
 * to, or cannot do, is never refused here. Never rejects.
 */
export async function answerQuietly(
  parts: EngineParts,
  { url = '', method, headers }: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  if (method !== 'GET' || !url.startsWith(start) || url.includes('#')) return false;
  const asked = quietRequest(parts, url.slice(start.length));
  const token = asked && parts.browserSession.tokenIn(headers.cookie);
  if (asked === undefined || token === undefined) return false;
  try {
    const session = await parts.ledger.session(token);
    const scopes = session && givenScopes(parts, asked, session);
    if (session === undefined || scopes === undefined) return false;
    const code = await issue(parts, asked, session, scopes);
    const location = locationOf(asked, code, parts.issuer);
    response.writeHead(303, { location, 'cache-control': 'no-store', 'content-length': 0 }).end();
    return true;
  } catch (error) {
    parts.log.debug({ err: error }, 'an authorization is for the engine');
    return false;
  }
}

function quietRequest({ ledger }: EngineParts, query: string): QuietRequest | undefined {
  const given = quietQuery(query);
  const client = ledger.client(given?.get('client_id') ?? '');
  if (given === undefined || client === undefined) return undefined;
  const { grantTypes, parRequired, redirectUris } = client.settings;
  if (parRequired || !grantTypes.includes('authorization_code')) return undefined;
  if (given.get('response_type') !== 'code') return undefined;
  const redirectUri = given.get('redirect_uri') ?? '';
  // The same text; ports that an app chooses are for the engine.
  if (!redirectUris.includes(redirectUri) || !URL.canParse(redirectUri)) return undefined;
  const pkce = given.get('code_challenge') ?? '';
  if (given.get('code_challenge_method') !== 'S256' || !s256Text.test(pkce)) return undefined;
  const scopes = given.get('scope')?.split(' ') ?? [];
  // Without the one some parameters mean nothing; the other hangs on what the person is asked.
  if (!scopes.includes('openid') || scopes.includes('offline_access')) return undefined;
  return {
    client,
    redirectUri,
    scopes,
    pkce,
    nonce: given.get('nonce'),
    state: given.get('state'),
  };
}

/** Each once, and none empty. */
function quietQuery(query: string): ReadonlyMap<string, string> | undefined {
  const given = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (!quietParams.has(name) || given.has(name) || value === '') return undefined;
    given.set(name, value);
  }
  return given;
}

/** What was asked for, where the client has all of it of whoever is logged in. */
function givenScopes(
  { ledger }: EngineParts,
  { client, scopes }: QuietRequest,
  { tenant, principal }: Verified,
): readonly string[] | undefined {
  if (tenant !== client.tenant || !ledger.isActive(tenant, principal)) return undefined;
  const granted = ledger.granted(client, principal);
  if (!scopes.every((scope) => granted.includes(scope))) return undefined;
  const asked = granted.filter((scope) => scopes.includes(scope));
  const isOpenid = (scope: string): boolean => (openidScopes as readonly string[]).includes(scope);
  return [...asked.filter(isOpenid), ...asked.filter((scope) => !isOpenid(scope))];
}

async function issue(
  { ledger, ids }: EngineParts,
  { client, redirectUri, pkce, nonce }: QuietRequest,
  session: Verified,
  scopes: readonly string[],
): Promise<string> {
  const code = newCode(ids);
  const [{ id: first } = { id: '' }] = ledger.audiencesOf(client);
  const audience = audienceOf(resourceOf(first));
  await ledger.issueCode(session, client, code, { redirectUri, pkce, nonce, scopes, audience });
  return code;
}

/** RFC 6749, section 4.1.2; RFC 9207. */
function locationOf({ redirectUri, state }: QuietRequest, code: string, issuer: URL): string {
  const location = new URL(redirectUri);
  location.searchParams.set('code', code);
  if (state !== undefined) location.searchParams.set('state', state);
  location.searchParams.set('iss', issuer.origin);
  return location.href;
}
