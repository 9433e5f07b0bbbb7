import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  startOauthCell,
  type OauthCell,
  type RegisteredClient,
} from '../../support/oauth/oauth-cell.js';
import { basic, postForm } from './raw-form.js';

let cell: OauthCell;
let shop: RegisteredClient;
let auth: { readonly authorization: string };

beforeAll(async () => {
  cell = await startOauthCell('forms');
  shop = await cell.registerClient();
  auth = basic(`${shop.clientId}:${shop.secret}`);
});
afterAll(() => cell.stop());

const paths = ['/oauth/introspect', '/oauth/revoke', '/oauth/token'] as const;
const refused = { status: 400, body: { error: 'invalid_request' } };
const good = (path: string): string =>
  path === '/oauth/token' ? 'grant_type=client_credentials&scope=orders:read' : 'token=x';

describe.each(paths)('%s', (path) => {
  const ask = (body: string, headers: Readonly<Record<string, string>> = {}) =>
    postForm(`${cell.issuer}${path}`, body, { ...auth, ...headers });

  test('takes a form, whatever its type is spelt like', async () => {
    for (const type of [
      'application/x-www-form-urlencoded',
      'Application/X-WWW-Form-Urlencoded; charset=UTF-8',
      'application/x-www-form-urlencoded;charset="utf-8"',
    ]) {
      const { status } = await ask(good(path), { 'content-type': type });
      expect([type, status]).toEqual([type, 200]);
    }
  });

  test.each(['application/json', 'multipart/form-data; boundary=x', 'text/plain', 'x'])(
    'takes no %s',
    async (type) => {
      expect(await ask(good(path), { 'content-type': type })).toMatchObject(refused);
    },
  );

  test('takes no body of no type', async () => {
    const url = `${cell.issuer}${path}`;
    const body = Buffer.from(good(path));
    const { status } = await fetch(url, { method: 'POST', headers: auth, body });
    expect(status).toBe(400);
  });

  test('takes each parameter once, and those without a value not at all', async () => {
    const [name = ''] = good(path).split('=');
    expect(await ask(`${good(path)}&${good(path)}`)).toMatchObject(refused);
    expect(await ask(`${good(path)}&client_id=${shop.clientId}&client_id=x`)).toMatchObject(
      refused,
    );
    expect(await ask(`${name}=`)).toMatchObject(refused);
    expect(await ask('')).toMatchObject(refused);
    expect((await ask(`${good(path)}&client_id=&resource=&&x=%25+%2B`)).status).toBe(200);
  });

  test('takes no parameters of its address', async () => {
    const url = `${cell.issuer}${path}?${good(path)}`;
    expect(await postForm(url, '', auth)).toMatchObject(refused);
  });

  test('takes no form of more than 56 KiB', async () => {
    const long = (bytes: number): string => `${good(path)}&x=`.padEnd(bytes, 'x');
    expect((await ask(long(56 * 1024))).status).toBe(200);
    expect(await ask(long(56 * 1024 + 1))).toMatchObject(refused);
    expect(await ask(long(1_000_000))).toMatchObject(refused);
    expect((await ask(good(path))).status).toBe(200);
  });

  test('is there for POST only', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'HEAD']) {
      const { status } = await fetch(`${cell.issuer}${path}?${good(path)}`, {
        method,
        headers: auth,
      });
      expect([method, status >= 400 && status < 500]).toEqual([method, true]);
    }
  });

  test('answers in JSON that nobody keeps, whoever asks for a page', async () => {
    const { status, headers, body } = await ask('', { accept: 'text/html' });
    expect([status, body['error']]).toEqual([400, 'invalid_request']);
    expect(headers.get('content-type')).toMatch(/^application\/json/u);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('survives a caller who goes away in the middle', async () => {
    const { hostname, port } = new URL(cell.issuer);
    const socket = connect(Number(port), hostname);
    const head = `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n`;
    const type = 'content-type: application/x-www-form-urlencoded\r\n\r\n';
    await new Promise<void>((resolve) => socket.end(`${head}${type}token=`, () => resolve()));
    socket.destroy();
    expect((await ask(good(path))).status).toBe(200);
  });
});
