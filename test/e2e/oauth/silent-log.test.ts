import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '#libs/runtime/log.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import {
  startOauthCell,
  type OauthCell,
  type RegisteredClient,
} from '../../support/oauth/oauth-cell.js';
import {
  assertionClaims,
  byAssertion,
  codeFor,
  post,
  redeem,
  refresh,
  signAssertion,
  signingClient,
  verifier,
  type Fields,
} from '../security/raw-oauth.js';
import { basic, postForm } from './raw-form.js';

let lines = '';
let cell: OauthCell;
let shop: RegisteredClient;

beforeAll(async () => {
  const destination = { write: (line: string) => void (lines += line) };
  const logger = createLogger({ service: 'identity', level: 'trace', destination });
  cell = await startOauthCell('silent', {}, { logger });
  shop = await cell.registerClient();
});
afterAll(() => cell.stop());

const ask = (fields: Fields, path = '/oauth/token') => post(cell, path, fields, shop);

test('nothing that opens anything is in the log, at its most talkative, of what is given or refused', async () => {
  const signing = await signingClient(cell);
  const browser = await cell.browserOf('alice');
  const code = await codeFor(shop.clientId, browser);
  const { body } = await ask(redeem(code));
  const secrets = [code, verifier, shop.secret, body['access_token'], body['id_token']].map(String);
  const first = String(body['refresh_token']);
  const { body: second } = await ask(refresh(first));
  const assertion = signAssertion(assertionClaims(cell, signing.clientId), signing.privateKey);
  const pending = await post(cell, '/oauth/device', { client_id: shop.clientId }, shop);
  const device = String(pending.body['device_code']);
  secrets.push(first, String(second['refresh_token']), assertion, device);
  const foreign = await cell.registerClient();
  const asForeign = (fields: Fields) => post(cell, '/oauth/token', fields, foreign);
  const grant = 'urn:ietf:params:oauth:grant-type:device_code';
  await ask({ grant_type: grant, device_code: device });
  await asForeign({ grant_type: grant, device_code: device });
  await post(cell, '/oauth/token', byAssertion(assertion));
  await post(cell, '/oauth/token', byAssertion(assertion));
  await asForeign(redeem(code));
  await asForeign(refresh(first));
  await ask(redeem(code));
  await ask({ token: String(second['access_token']) }, '/oauth/introspect');
  const wrong = `${shop.secret}-almost`;
  const headers = basic(`${shop.clientId}:${wrong}`);
  await postForm(`${cell.issuer}/oauth/token`, `code=${code}&code=%`, headers);
  await postForm(`${cell.issuer}/oauth/token`, `code=${code}`, { ...headers, dpop: assertion });
  expect(lines).toContain('an OAuth request was refused');
  for (const secret of [...secrets, wrong]) {
    expect(secret.length).toBeGreaterThan(20);
    // No part of it that is long enough to be found by.
    expect(lines).not.toContain(secret.slice(-20));
  }
});

test('whoever hangs up fails nobody else, and is no error of ours', async () => {
  const { port, hostname } = new URL(cell.issuer);
  const body = 'grant_type=client_credentials';
  const request = (length: number): string =>
    [
      'POST /oauth/token HTTP/1.1',
      `Host: ${hostname}`,
      `Authorization: ${basic(`${shop.clientId}:${shop.secret}`).authorization}`,
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${length}`,
      '',
      body,
    ].join('\r\n');
  const hangUp = (text: string, afterMs: number): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(text);
        setTimeout(() => socket.resetAndDestroy(), afterMs);
      });
      socket.once('error', () => undefined);
      socket.once('close', () => resolve());
    });
  lines = '';
  const waits = Array.from({ length: 40 }, (_, at) => at % 4);
  await Promise.all(
    waits.flatMap((ms) => [hangUp(request(1_000), ms), hangUp(request(body.length), ms)]),
  );
  expect(await ask({ grant_type: 'client_credentials' })).toMatchObject({ status: 200 });
  expect(lines).not.toContain('"level":50');
  expect(lines).not.toContain('failed');
});

test('a token whose key is compromised is worth nothing, however often it was found good', async () => {
  const { body } = await ask({ grant_type: 'client_credentials', scope: 'orders:read' });
  const token = String(body['access_token']);
  const kidOf = (text: string): string =>
    (JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString()) as { kid: string })
      .kid;
  const active = async () => (await ask({ token }, '/oauth/introspect')).body['active'];
  expect(await active()).toBe(true);
  expect(await active()).toBe(true);
  const last = token.at(-1) === 'A' ? 'B' : 'A';
  const spoilt = await ask({ token: token.slice(0, -1) + last }, '/oauth/introspect');
  expect(spoilt.body).toEqual({ active: false });
  await cell.world.call(Tokens.rotateSigningKey, { algorithm: 'ES256' }, cell.world.root);
  expect(await active()).toBe(true);
  const { body: next } = await ask({ grant_type: 'client_credentials', scope: 'orders:read' });
  expect(kidOf(String(next['access_token']))).not.toBe(kidOf(token));
  await cell.world.call(Tokens.compromiseSigningKey, { kid: kidOf(token) }, cell.world.root);
  expect(await active()).toBe(false);
  const stillGood = { token: String(next['access_token']) };
  expect((await ask(stillGood, '/oauth/introspect')).body['active']).toBe(true);
});
