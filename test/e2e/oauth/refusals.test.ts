import { generateKeyPairSync, sign } from 'node:crypto';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClientKind } from '#proto/ledgate/identity/v1/client.js';
import { callback, startOauthCell, type OauthCell } from '../../support/oauth/oauth-cell.js';
import { Browser } from '../../support/oauth/browser.js';
import { authorize, claimsIn, codeFlow, discover } from './flows.js';

let cell: OauthCell;
beforeAll(async () => {
  cell = await startOauthCell('refusals');
});
afterAll(() => cell.stop());

const grant = { error: 'invalid_grant' };

describe('a code', () => {
  test('with a wrong verifier gives nothing', async () => {
    const config = await discover(cell, await cell.registerClient());
    const { back, verifier } = await authorize(config, await cell.browserOf('alice'));
    const redeem = (pkceCodeVerifier: string) =>
      openid.authorizationCodeGrant(config, back, {
        pkceCodeVerifier,
        expectedState: 'state',
        expectedNonce: 'nonce',
      });
    await expect(redeem(openid.randomPKCECodeVerifier())).rejects.toMatchObject(grant);
    await expect(redeem(verifier)).resolves.toHaveProperty('access_token');
  });

  test('that is replayed kills the family of the first use', async () => {
    const config = await discover(cell, await cell.registerClient());
    const { back, verifier } = await authorize(config, await cell.browserOf('alice'));
    const redeem = () =>
      openid.authorizationCodeGrant(config, back, {
        pkceCodeVerifier: verifier,
        expectedState: 'state',
        expectedNonce: 'nonce',
      });
    const first = await redeem();
    await expect(redeem()).rejects.toMatchObject(grant);
    expect(await openid.tokenIntrospection(config, first.access_token)).toEqual({ active: false });
    const refresh = openid.refreshTokenGrant(config, first.refresh_token ?? '');
    await expect(refresh).rejects.toMatchObject(grant);
  });

  test('of another client gives nothing', async () => {
    const config = await discover(cell, await cell.registerClient());
    const other = await discover(cell, await cell.registerClient({ name: 'Other' }));
    const { back, verifier } = await authorize(config, await cell.browserOf('alice'));
    const checks = {
      pkceCodeVerifier: verifier,
      expectedState: 'state',
      expectedNonce: 'nonce',
    };
    const stolen = openid.authorizationCodeGrant(other, back, checks);
    await expect(stolen).rejects.toMatchObject(grant);
    // Whoever found it has ended nothing.
    await openid.authorizationCodeGrant(config, back, checks);
  });

  test.each([
    ['no challenge', { code_challenge: '', code_challenge_method: '' }],
    ['a plain challenge', { code_challenge_method: 'plain' }],
  ])('is not given for a request with %s', async (_what, more) => {
    const config = await discover(cell, await cell.registerClient());
    const { back } = await authorize(config, await cell.browserOf('alice'), { more });
    expect(back.searchParams.get('error')).toBe('invalid_request');
    expect(back.searchParams.get('code')).toBeNull();
  });
});

describe('a refresh token', () => {
  test('of a foreign client is refused, and its family goes on', async () => {
    const config = await discover(cell, await cell.registerClient());
    const other = await discover(cell, await cell.registerClient({ name: 'Other' }));
    const tokens = await codeFlow(cell, config, await cell.browserOf('alice'));
    const refresh = tokens.refresh_token ?? '';
    await expect(openid.refreshTokenGrant(other, refresh)).rejects.toMatchObject(grant);
    await openid.refreshTokenGrant(config, refresh);
  });

  test('that was followed by another still ends its family, for its own client', async () => {
    const config = await discover(cell, await cell.registerClient());
    const first = await codeFlow(cell, config, await cell.browserOf('alice'));
    const next = await openid.refreshTokenGrant(config, first.refresh_token ?? '');
    const other = await discover(cell, await cell.registerClient());
    await openid.tokenRevocation(other, first.refresh_token ?? '');
    const last = await openid.refreshTokenGrant(config, next.refresh_token ?? '');
    await openid.tokenRevocation(config, next.refresh_token ?? '');
    await expect(openid.refreshTokenGrant(config, last.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    const asked = await openid.tokenIntrospection(config, last.access_token);
    expect(asked).toEqual({ active: false });
  });

  test('that was used twice over kills its family', async () => {
    const config = await discover(cell, await cell.registerClient());
    const first = await codeFlow(cell, config, await cell.browserOf('alice'));
    const second = await openid.refreshTokenGrant(config, first.refresh_token ?? '');
    const third = await openid.refreshTokenGrant(config, second.refresh_token ?? '');
    const again = openid.refreshTokenGrant(config, first.refresh_token ?? '');
    await expect(again).rejects.toMatchObject(grant);
    expect(await openid.tokenIntrospection(config, third.access_token)).toEqual({ active: false });
    const newest = openid.refreshTokenGrant(config, third.refresh_token ?? '');
    await expect(newest).rejects.toMatchObject(grant);
  });
});

describe('a mixed-up issuer', () => {
  test('every response says who it is from, errors too, and openid-client looks at it', async () => {
    const config = await discover(cell, await cell.registerClient());
    const browser = await cell.browserOf('alice');
    const { back, verifier } = await authorize(config, browser);
    expect(back.searchParams.get('iss')).toBe(cell.issuer);
    const mixed = new URL(back);
    mixed.searchParams.set('iss', 'https://attacker.example');
    const checks = { pkceCodeVerifier: verifier, expectedState: 'state', expectedNonce: 'nonce' };
    await expect(openid.authorizationCodeGrant(config, mixed, checks)).rejects.toThrow();
    mixed.searchParams.delete('iss');
    await expect(openid.authorizationCodeGrant(config, mixed, checks)).rejects.toThrow();
    const refused = await authorize(config, new Browser(cell.issuer), { more: { prompt: 'none' } });
    expect(refused.back.searchParams.get('error')).toBe('login_required');
    expect(refused.back.searchParams.get('iss')).toBe(cell.issuer);
  });
});

describe('a stolen DPoP token', () => {
  test('is worth nothing without its key', async () => {
    const settings = { authMethod: 'none', grantTypes: ['authorization_code', 'refresh_token'] };
    const client = await cell.registerClient(settings, ClientKind.CLIENT_KIND_NATIVE);
    const config = await discover(cell, client, 'none');
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'));
    const tokens = await codeFlow(cell, config, await cell.browserOf('alice'), { DPoP });
    const userinfo = `${cell.issuer}/oauth/userinfo`;
    const asBearer = await fetch(userinfo, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    expect(asBearer.status).toBe(401);
    const thief = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'));
    const stolen = openid.fetchUserInfo(config, tokens.access_token, cell.users.alice, {
      DPoP: thief,
    });
    await expect(stolen).rejects.toThrow();
    const refresh = tokens.refresh_token ?? '';
    for (const options of [{ DPoP: thief }, undefined]) {
      const tried = openid.refreshTokenGrant(config, refresh, undefined, options);
      await expect(tried).rejects.toMatchObject(grant);
    }
    await openid.refreshTokenGrant(config, refresh, undefined, { DPoP });
  });
});

describe('redirects', () => {
  test.each([
    ['another path', 'http://127.0.0.1:9/other'],
    ['a slash at the end', `${callback}/`],
    ['a query', `${callback}?next=https://attacker.example`],
    ['a fragment', `${callback}#fragment`],
    ['another port', 'http://127.0.0.1:10/callback'],
    ['another scheme', 'https://127.0.0.1:9/callback'],
    ['another host', 'http://localhost:9/callback'],
    ['capital letters', 'http://127.0.0.1:9/Callback'],
    ['a user in front', 'http://attacker@127.0.0.1:9/callback'],
    ['a way back', 'http://127.0.0.1:9/x/../callback'],
    ['an encoded letter', 'http://127.0.0.1:9/%63allback'],
    ['a host that begins alike', 'http://127.0.0.1:9.attacker.example/callback'],
    ['a script', 'javascript:alert(1)'],
    ['nothing', ''],
  ])('redirect_uri with %s is shown as an error, and nobody is sent there', async (_what, uri) => {
    const { clientId } = await cell.registerClient();
    const browser = await cell.browserOf('alice');
    const query = new URLSearchParams({
      client_id: clientId,
      response_type: 'code',
      scope: 'openid',
      redirect_uri: uri,
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    });
    const page = await browser.open(`/oauth/authorize?${query.toString()}`);
    if (page instanceof URL) throw new Error(`sent to ${page.href}`);
    expect(page.status).toBe(400);
  });

  test('an open redirect: logout goes to registered addresses only', async () => {
    const { clientId } = await cell.registerClient();
    const browser = await cell.browserOf('alice');
    const query = new URLSearchParams({
      client_id: clientId,
      post_logout_redirect_uri: 'https://attacker.example/',
    });
    const page = await browser.open(`/oauth/logout?${query.toString()}`);
    expect(page instanceof URL ? page.href : page.status).toBe(400);
  });

  test('an open redirect: addresses are those of the issuer, whatever Host says', async () => {
    const { request } = await import('node:http');
    const { port } = new URL(cell.issuer);
    const path = '/.well-known/openid-configuration';
    const headers = { host: 'attacker.example', 'x-forwarded-host': 'attacker.example' };
    const text = await new Promise<string>((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path, headers }, (answer) => {
        let body = '';
        answer.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
        answer.on('end', () => resolve(body));
      });
      asked.on('error', reject).end();
    });
    expect(text).toContain(cell.issuer);
    expect(text).not.toContain('attacker');
  });
});

describe('clients', () => {
  test('a wrong secret, none, or that of another client authenticates nobody', async () => {
    const client = await cell.registerClient();
    const other = await cell.registerClient({ name: 'Other' });
    const last = client.secret.endsWith('x') ? 'y' : 'x';
    for (const secret of [`${client.secret.slice(0, -1)}${last}`, 'x', other.secret]) {
      const config = await discover(cell, { ...client, secret });
      await expect(openid.clientCredentialsGrant(config)).rejects.toMatchObject({ status: 401 });
    }
    const none = await discover(cell, client, 'none');
    await expect(openid.clientCredentialsGrant(none)).rejects.toMatchObject({ status: 401 });
  });

  test('a client assertion counts once', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' };
    const { clientId } = await cell.registerClient({
      authMethod: 'private_key_jwt',
      jwks: JSON.stringify({ keys: [jwk] }),
    });
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const nowS = Math.floor(Date.now() / 1000);
    const claims = { iss: clientId, sub: clientId, aud: cell.issuer, jti: 'x', exp: nowS + 60 };
    const text = `${part({ alg: 'ES256', kid: 'one' })}.${part({ ...claims, iat: nowS })}`;
    const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
    const signature = sign('sha256', Buffer.from(text), key).toString('base64url');
    const ask = () =>
      fetch(`${cell.issuer}/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          scope: 'orders:read',
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: `${text}.${signature}`,
        }),
      });
    const answers = await Promise.all(Array.from({ length: 20 }, ask));
    const right = answers.filter(({ status }) => status === 200);
    expect(right).toHaveLength(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 401]));
  });

  test('a token of another client is neither revoked nor exchanged', async () => {
    const config = await discover(cell, await cell.registerClient());
    const other = await discover(cell, await cell.registerClient({ name: 'Other' }));
    const { access_token } = await codeFlow(cell, config, await cell.browserOf('alice'));
    await openid.tokenRevocation(other, access_token);
    expect(await openid.tokenIntrospection(config, access_token)).toMatchObject({ active: true });
    const exchange = openid.genericGrantRequest(
      other,
      'urn:ietf:params:oauth:grant-type:token-exchange',
      {
        subject_token: access_token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      },
    );
    await expect(exchange).rejects.toMatchObject({ error: 'invalid_request' });
  });
});

describe('sessions', () => {
  test.each([
    ['prompt=login', { prompt: 'login' }],
    ['max_age=0', { max_age: '0' }],
    ['a stronger acr', { acr_values: 'urn:ledgate:acr:2' }],
  ])('%s sends somebody who is logged in to log in again', async (_what, more) => {
    const config = await discover(cell, await cell.registerClient());
    const browser = await cell.browserOf('alice');
    // `max_age` counts whole seconds.
    if ('max_age' in more) await new Promise((resolve) => setTimeout(resolve, 1100));
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: callback,
      scope: 'openid',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
      ...more,
    });
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: `ledgate=${browser.cookie('ledgate') ?? ''}` },
    });
    expect(answer.headers.get('location')).toMatch(/^\/interaction\//u);
  });

  test('a session that was ended elsewhere is none', async () => {
    const config = await discover(cell, await cell.registerClient());
    const browser = await cell.browserOf('alice');
    const tokens = await codeFlow(cell, config, browser);
    const elsewhere = browser.clone();
    const question = await elsewhere.open('/oauth/logout');
    await elsewhere.submit(question, { logout: 'yes' });
    const { back } = await authorize(config, browser, { more: { prompt: 'none' } });
    expect(back.searchParams.get('error')).toBe('login_required');
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false });
    expect(claimsIn(tokens.access_token)['sid']).toBeDefined();
  });
});

test('a device hears that nobody has answered, and to slow down when it asks too soon', async () => {
  const config = await discover(cell, await cell.registerClient());
  const [one, two] = [
    await openid.initiateDeviceAuthorization(config, { scope: 'openid' }),
    await openid.initiateDeviceAuthorization(config, { scope: 'openid' }),
  ];
  const poll = ({ device_code }: { readonly device_code: string }) =>
    openid.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:device_code', {
      device_code,
    });
  await expect(poll(one)).rejects.toMatchObject({ error: 'authorization_pending' });
  await expect(poll(one)).rejects.toMatchObject({ error: 'slow_down' });
  await expect(poll(two)).rejects.toMatchObject({ error: 'authorization_pending' });
});

test('a token that is bound to a key is not exchanged, not with a proof either', async () => {
  const config = await discover(cell, await cell.registerClient());
  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'));
  const { access_token } = await codeFlow(cell, config, await cell.browserOf('alice'), { DPoP });
  for (const options of [undefined, { DPoP }]) {
    const exchange = openid.genericGrantRequest(
      config,
      'urn:ietf:params:oauth:grant-type:token-exchange',
      {
        subject_token: access_token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      },
      options,
    );
    await expect(exchange).rejects.toMatchObject({ error: 'invalid_request' });
  }
});
