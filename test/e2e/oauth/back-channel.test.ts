import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  callback,
  everyGrant,
  startOauthCell,
  type OauthCell,
  type RegisteredClient,
} from '../../support/oauth/oauth-cell.js';
import { basic } from './raw-form.js';

let cell: OauthCell;
let shop: RegisteredClient;
beforeAll(async () => {
  cell = await startOauthCell('back');
  shop = await cell.registerClient();
});
afterAll(() => cell.stop());

type Fields = readonly (readonly [string, string])[];

function post(path: string, fields: Fields, headers: Readonly<Record<string, string>> = {}) {
  const body = new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value]));
  const own = basic(`${shop.clientId}:${shop.secret}`);
  return fetch(`${cell.issuer}${path}`, { method: 'POST', body, headers: { ...own, ...headers } });
}

const good: Readonly<Record<string, Fields>> = {
  '/oauth/token': [['grant_type', 'client_credentials']],
  '/oauth/introspect': [['token', 'x']],
  '/oauth/revoke': [['token', 'x']],
};
const own = new URL(callback).origin;
const allowed = (answer: Response) => answer.headers.get('access-control-allow-origin');

describe.each(Object.keys(good))('%s', (path) => {
  const fields = good[path] ?? [];

  test('takes POST only', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await fetch(`${cell.issuer}${path}`, { method });
      expect([method, answer.status]).toEqual([method, 405]);
      expect(answer.headers.get('allow')).toContain('POST');
    }
  });

  test('lets a browser ask first', async () => {
    const answer = await fetch(`${cell.issuer}${path}`, {
      method: 'OPTIONS',
      headers: {
        origin: own,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,dpop',
      },
    });
    expect(answer.status).toBe(204);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'access-control-allow-origin': own,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization,dpop',
      'access-control-max-age': '3600',
      vary: 'Origin',
    });
  });

  test('answers scripts of its client, what went wrong too', async () => {
    const right = await post(path, fields, { origin: own });
    expect([right.status, allowed(right)]).toEqual([200, own]);
    expect(right.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
    const wrong = await post(path, [], { origin: own });
    expect([wrong.status, allowed(wrong)]).toEqual([400, own]);
  });

  test.each(['https://attacker.example', callback, 'null'])(
    'tells scripts of %s nothing, with the right secret or without',
    async (origin) => {
      for (const headers of [{}, basic(`${shop.clientId}:x`)]) {
        const answer = await post(path, fields, { origin, ...headers });
        expect([answer.status, allowed(answer)]).toEqual([400, null]);
        expect(await answer.json()).toMatchObject({ error: 'invalid_request' });
      }
    },
  );

  test('is kept by nobody, and is JSON', async () => {
    for (const answer of [await post(path, fields), await post(path, [])]) {
      expect(answer.headers.get('cache-control')).toBe('no-store');
      const type = path === '/oauth/revoke' && answer.ok ? null : 'application/json; charset=utf-8';
      expect(answer.headers.get('content-type')).toBe(type);
    }
  });

  test('has no other address', async () => {
    for (const other of [`${path}/`, path.toUpperCase().replace('/OAUTH', '/oauth'), `/${path}`]) {
      const answer = await post(other, fields);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(await answer.text()).not.toContain('access_token');
    }
  });
});

describe('the token endpoint says what is wrong', () => {
  const device = 'urn:ietf:params:oauth:grant-type:device_code';
  const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
  const alone = ['grant_type', 'client_credentials'] as const;
  test.each<[string, Fields, string]>([
    ['no grant', [], 'invalid_request'],
    ['an unknown grant', [['grant_type', 'implicit']], 'unsupported_grant_type'],
    ['a grant twice', [alone, alone], 'invalid_request'],
    ['a scope twice', [alone, ['scope', 'a'], ['scope', 'a']], 'invalid_request'],
    ['a scope that is none', [alone, ['scope', 'a"b']], 'invalid_scope'],
    ['a foreign resource', [alone, ['resource', 'https://x.example']], 'invalid_target'],
    ['a resource that is none', [alone, ['resource', 'x y']], 'invalid_target'],
    [
      'a code without its redirect_uri',
      [
        ['grant_type', 'authorization_code'],
        ['code', 'x'],
      ],
      'invalid_request',
    ],
    [
      'an unknown code',
      [
        ['grant_type', 'authorization_code'],
        ['code', 'x'],
        ['redirect_uri', callback],
      ],
      'invalid_grant',
    ],
    ['no refresh token', [['grant_type', 'refresh_token']], 'invalid_request'],
    [
      'an unknown refresh token',
      [
        ['grant_type', 'refresh_token'],
        ['refresh_token', 'x'],
      ],
      'invalid_grant',
    ],
    ['no device code', [['grant_type', device]], 'invalid_request'],
    [
      'an unknown device code',
      [
        ['grant_type', device],
        ['device_code', 'x'],
      ],
      'invalid_grant',
    ],
    ['an exchange of nothing', [['grant_type', exchange]], 'invalid_request'],
  ])('%s', async (_what, fields, error) => {
    const answer = await post('/oauth/token', fields);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error, error_description: expect.any(String) });
  });

  test.each(everyGrant)('%s is refused to a client that may not use it', async (grant) => {
    const kept =
      grant === 'authorization_code'
        ? { grantTypes: ['client_credentials'], redirectUris: [], postLogoutRedirectUris: [] }
        : { grantTypes: ['authorization_code'] };
    const client = await cell.registerClient(kept);
    const headers = basic(`${client.clientId}:${client.secret}`);
    const answer = await post('/oauth/token', [['grant_type', grant]], headers);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: 'unauthorized_client' });
  });
});

test('a client without a right to a scope that everybody knows is told so', async () => {
  const client = await cell.registerClient({ scopes: ['openid', 'orders:read'] });
  const headers = basic(`${client.clientId}:${client.secret}`);
  const fields: Fields = [
    ['grant_type', 'client_credentials'],
    ['scope', 'email orders:read'],
  ];
  const answer = await post('/oauth/token', fields, headers);
  expect(await answer.json()).toMatchObject({ error: 'invalid_scope', scope: 'email' });
});
