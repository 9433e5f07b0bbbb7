import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import type { Browser } from '../../support/oauth/browser.js';
import { callback, type OauthCell, type RegisteredClient } from '../../support/oauth/oauth-cell.js';

/** What an OAuth endpoint answered. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export type Fields = Readonly<Record<string, string | undefined>>;

/** Posts a form, with what is undefined left out: a client library would never send most of these. */
export async function post(
  cell: Pick<OauthCell, 'issuer'>,
  path: string,
  fields: Fields,
  client?: Pick<RegisteredClient, 'clientId' | 'secret'>,
): Promise<Answer> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const basic = client && Buffer.from(`${client.clientId}:${client.secret}`).toString('base64');
  const answer = await fetch(`${cell.issuer}${path}`, {
    method: 'POST',
    headers: basic === undefined ? {} : { authorization: `Basic ${basic}` },
    body: new URLSearchParams(given as [string, string][]),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Answer['body']) };
}

export const verifier = randomBytes(32).toString('base64url');
export const challenge = createHash('sha256').update(verifier).digest('base64url');

/** An authorization code for a client, from somebody's browser. */
export async function codeFor(
  clientId: string,
  browser: Browser,
  more: Fields = {},
): Promise<string> {
  const fields: Fields = {
    client_id: clientId,
    response_type: 'code',
    scope: 'openid orders:read',
    redirect_uri: callback,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...more,
  };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(given as [string, string][]);
  const back = await browser.open(`/oauth/authorize?${query.toString()}`);
  const code = back instanceof URL ? back.searchParams.get('code') : null;
  if (code === null) throw new Error(back instanceof URL ? back.href : back.html);
  return code;
}

export const redeem = (code: string, more: Fields = {}): Fields => ({
  grant_type: 'authorization_code',
  code,
  redirect_uri: callback,
  code_verifier: verifier,
  ...more,
});
export const refresh = (token: unknown): Fields => ({
  grant_type: 'refresh_token',
  refresh_token: String(token),
});

/** A client that signs its assertions. */
export async function signingClient(cell: OauthCell) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' };
  const { clientId } = await cell.registerClient({
    authMethod: 'private_key_jwt',
    jwks: JSON.stringify({ keys: [jwk] }),
  });
  return { clientId, privateKey };
}

/** What a good assertion of a client says (RFC 7523, section 3). */
export function assertionClaims(cell: OauthCell, clientId: string) {
  const now = Math.floor(Date.now() / 1000);
  const jti = randomBytes(16).toString('hex');
  return { iss: clientId, sub: clientId, aud: cell.issuer, jti, iat: now, exp: now + 60 };
}

export function signAssertion(claims: object, privateKey: KeyObject, header: object = {}): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'ES256', kid: 'one', ...header })}.${part(claims)}`;
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

export const byAssertion = (assertion: string): Fields => ({
  grant_type: 'client_credentials',
  scope: 'orders:read',
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: assertion,
});

/** Each text that is a little wrong: shorter at either end, longer, one bit of a character flipped. */
export function spoilt(text: string): string[] {
  const cut = [1, 2, text.length >> 1].flatMap((n) => [text.slice(0, -n), text.slice(n)]);
  const longer = [`${text}A`, `A${text}`, `${text} `, `${text}\u0000`, text.toUpperCase()];
  const flipped = Array.from({ length: text.length }, (_, at) => {
    const other = String.fromCharCode(text.charCodeAt(at) ^ 1);
    return text.slice(0, at) + other + text.slice(at + 1);
  });
  return [...cut, ...longer, ...flipped].filter((one) => one !== text);
}
