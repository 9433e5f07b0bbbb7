import { hash } from 'node:crypto';
import {
  assertionKeys,
  readClientAssertion,
  verifyClientAssertion,
  type AssertionKey,
} from '#libs/tokens/client-assertion.js';
import type { ForeignJws } from '#libs/tokens/foreign-jws.js';
import { isAuthorized, peerCertificate, spkiSha256, uriNames } from './client-certificate.js';
import type { OauthClient } from './oauth-ledger.js';
import { decoded, type FormRequest } from './form-request.js';
import { invalidClient, invalidRequest } from './oauth-error.js';
import type { OauthParts } from './oauth-parts.js';

/** Who asks, by what it has shown. */
export interface ActingClient {
  readonly client: OauthClient;
  /** Id of the secret or certificate; undefined: it showed neither. */
  readonly credential: string | undefined;
  /** `x5t#S256` (RFC 8705, section 3.1) where its tokens are bound to its certificate. */
  readonly certificate: string | undefined;
}

/** What a request shows of its client (RFC 6749, section 2.3). */
type Shown =
  | { readonly by: 'SECRET'; readonly clientId: string; readonly secret: string }
  | { readonly by: 'ASSERTION'; readonly clientId: string; readonly assertion: ForeignJws }
  | { readonly by: 'NOTHING'; readonly clientId: string };

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** By client as L had it last. */
const keysOf = new WeakMap<OauthClient, readonly AssertionKey[]>();

/**
 * The client that the request comes from (RFC 6749, section 2.3; RFC 7523; RFC 8705), by the one
 * method that it is registered for; a secret may be shown in the header or in the form.
 *
 * @throws OauthError invalid_request: none or several shown, or not readable. invalid_client: not
 *   known, not served, shown by another method, or wrong. A promise only for assertions, as the
 *   ledger must say that they were not used; it rejects when that cannot be said.
 */
export function actingClient(
  parts: OauthParts,
  request: FormRequest,
): ActingClient | Promise<ActingClient> {
  const shown = shownBy(request);
  const client = parts.ledger.client(shown.clientId);
  if (client === undefined) throw invalidClient('client not found');
  const { authMethod } = client.settings;
  switch (authMethod) {
    case 'client_secret_basic':
    case 'client_secret_post': {
      if (shown.by !== 'SECRET') throw wrongMethod(authMethod);
      const credential = parts.ledger.secretOf(client, shown.secret);
      if (credential === undefined) throw invalidClient('wrong secret');
      return { client, credential, certificate: undefined };
    }
    case 'private_key_jwt':
      if (shown.by !== 'ASSERTION') throw wrongMethod(authMethod);
      return byAssertion(parts, client, shown.assertion, request);
    case 'tls_client_auth':
      if (shown.by !== 'NOTHING') throw wrongMethod(authMethod);
      return byCertificate(parts, client, request);
    case 'none':
      if (shown.by !== 'NOTHING') throw wrongMethod(authMethod);
      return { client, credential: undefined, certificate: undefined };
  }
}

/** The client that the request names, whether it is the one or not; undefined: none that is known. */
export function namedClient(parts: OauthParts, request: FormRequest): OauthClient | undefined {
  return parts.ledger.client(shownBy(request).clientId);
}

function shownBy({ incoming, params }: FormRequest): Shown {
  const { authorization } = incoming.headers;
  const assertion = params.get('client_assertion');
  const secret = params.get('client_secret');
  const all = [authorization, assertion, secret].filter((one) => one !== undefined);
  if (all.length > 1) throw invalidRequest('a client authenticates by one method at a time');
  const named = params.get('client_id');
  if (authorization !== undefined) return inHeader(authorization, named);
  if (assertion !== undefined) return inAssertion(assertion, params);
  if (named === undefined) throw invalidRequest('the request does not say which client it is of');
  if (secret !== undefined) return { by: 'SECRET', clientId: named, secret };
  return { by: 'NOTHING', clientId: named };
}

/** RFC 6749, section 2.3.1: both parts are encoded as a form is before RFC 7617 is applied. */
function inHeader(authorization: string, named: string | undefined): Shown {
  const [scheme = '', encoded = '', ...more] = authorization.split(' ');
  const isBasic = scheme.toLowerCase() === 'basic' && more.length === 0 && base64.test(encoded);
  const text = isBasic ? Buffer.from(encoded, 'base64').toString('utf8') : '';
  const colon = text.indexOf(':');
  if (colon < 0) throw invalidRequest('the authorization header is not readable');
  const clientId = visible(decoded(text.slice(0, colon)));
  const secret = visible(decoded(text.slice(colon + 1)));
  if (clientId === '' || secret === '') {
    throw invalidRequest('the authorization header must hold a client and its secret');
  }
  sameClient(clientId, named);
  return { by: 'SECRET', clientId, secret };
}

function inAssertion(text: string, params: ReadonlyMap<string, string>): Shown {
  const assertion = readClientAssertion(text);
  if (assertion === undefined) throw invalidRequest('client_assertion is not readable');
  if (params.get('client_assertion_type') !== assertionType) {
    throw invalidRequest(`client_assertion_type must be ${assertionType}`);
  }
  const { sub } = assertion.claims;
  if (typeof sub !== 'string' || sub === '') throw invalidClient('an assertion without a subject');
  sameClient(sub, params.get('client_id'));
  return { by: 'ASSERTION', clientId: sub, assertion };
}

async function byAssertion(
  { ledger, clock, issuer }: OauthParts,
  client: OauthClient,
  assertion: ForeignJws,
  { incoming }: FormRequest,
): Promise<ActingClient> {
  const keys = keysOf.get(client) ?? assertionKeys(client.settings.jwks ?? '{}');
  keysOf.set(client, keys);
  const { origin } = issuer;
  const [path = ''] = (incoming.url ?? '').split('?', 1);
  const audiences = new Set([origin, `${origin}/oauth/token`, `${origin}${path}`]);
  const rules = { client: client.client, audiences };
  const verdict = verifyClientAssertion(assertion, keys, rules, clock.wallMs());
  if (!verdict.ok) throw invalidClient(`assertion refused: ${verdict.why}`);
  // One that lives for longer than its `jti` would be kept does not count either.
  const first = await ledger.useAssertion(client, verdict.jti, verdict.goodUntilMs);
  if (!first) throw invalidClient('the assertion was used before, or lives for too long');
  return { client, credential: undefined, certificate: undefined };
}

function byCertificate(
  { ledger }: OauthParts,
  client: OauthClient,
  { incoming }: FormRequest,
): ActingClient {
  const certificate = peerCertificate(incoming);
  if (certificate === undefined) throw invalidClient('no client certificate was shown');
  if (!isAuthorized(incoming)) throw invalidClient('the client certificate was not verified');
  const credential = ledger.certificateOf(client, spkiSha256(certificate), uriNames(certificate));
  if (credential === undefined) throw invalidClient('the certificate is not bound to the client');
  const isBound = !client.settings.dpopRequired;
  const thumbprint = isBound ? hash('sha256', certificate.raw, 'base64url') : undefined;
  return { client, credential, certificate: thumbprint };
}

function sameClient(shown: string, named: string | undefined): void {
  if (named !== undefined && named !== shown)
    throw invalidRequest('client_id is of another client');
}

function wrongMethod(authMethod: string): Error {
  return invalidClient(`the client is registered for ${authMethod}`);
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3}={0,2})?$/u;

/** RFC 6749, appendix A: identifiers and secrets are of visible characters. */
function visible(text: string): string {
  if (!/^[\x20-\x7e]*$/u.test(text))
    throw invalidRequest('the authorization header is not readable');
  return text;
}
