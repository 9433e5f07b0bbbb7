import * as openid from 'openid-client';
import type { Browser } from '../../support/oauth/browser.js';
import { callback, type OauthCell, type RegisteredClient } from '../../support/oauth/oauth-cell.js';

/** openid-client as it comes, told only that loopback needs no TLS. */
export function discover(
  { issuer }: Pick<OauthCell, 'issuer'>,
  { clientId, secret }: RegisteredClient,
  method: 'client_secret_basic' | 'client_secret_post' | 'none' = 'client_secret_basic',
): Promise<openid.Configuration> {
  const auth = {
    client_secret_basic: () => openid.ClientSecretBasic(secret),
    client_secret_post: () => openid.ClientSecretPost(secret),
    none: () => openid.None(),
  }[method]();
  const execute = [openid.allowInsecureRequests];
  return openid.discovery(new URL(issuer), clientId, undefined, auth, { execute });
}

export interface FlowOptions {
  readonly scope?: string;
  readonly DPoP?: openid.DPoPHandle;
  readonly more?: Readonly<Record<string, string>>;
}

/** An authorization request that was answered, and what its client kept for itself. */
export interface Answered {
  readonly back: URL;
  readonly verifier: string;
}

export async function authorize(
  config: openid.Configuration,
  browser: Browser,
  { scope = 'openid orders:read', more = {} }: FlowOptions = {},
): Promise<Answered> {
  const verifier = openid.randomPKCECodeVerifier();
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: 'state',
    nonce: 'nonce',
    ...more,
  });
  const back = await browser.open(url);
  if (!(back instanceof URL)) throw new Error(`a page instead of a code: ${back.html}`);
  return { back, verifier };
}

/** The whole of it in a browser where somebody is logged in. */
export async function codeFlow(
  _cell: OauthCell,
  config: openid.Configuration,
  browser: Browser,
  options: FlowOptions = {},
): ReturnType<typeof openid.authorizationCodeGrant> {
  const { back, verifier } = await authorize(config, browser, options);
  const { DPoP } = options;
  return openid.authorizationCodeGrant(
    config,
    back,
    {
      pkceCodeVerifier: verifier,
      expectedState: 'state',
      expectedNonce: 'nonce',
      idTokenExpected: true,
    },
    undefined,
    DPoP === undefined ? undefined : { DPoP },
  );
}

/** What a JWT says; believed without a look at its signature. */
export function claimsIn(jwt: string): Record<string, unknown> {
  const text = Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8');
  return JSON.parse(text) as Record<string, unknown>;
}
