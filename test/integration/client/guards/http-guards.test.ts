import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { status } from '@grpc/grpc-js';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { type AuthorizeRequest } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { currentIdentity, identityOf } from '#libs/client/guard/request-identity.js';
import { ledgateExpress } from '#libs/client/http/express.js';
import { ledgateFastify } from '#libs/client/http/fastify.js';
import { ledgateHono } from '#libs/client/http/hono.js';
import { type HttpGuardOptions } from '#libs/client/http/http-guard.js';
import { type RouteRule } from '#libs/client/http/route-table.js';
import { type Ledgate } from '#libs/client/ledgate.js';
import {
  allowed,
  ScriptedStatus,
  wireAnswer,
  type Script,
} from '../../../support/client/scripted-authorizer.js';
import { scriptedClients } from '../../../support/client/scripted-client.js';

const { authorizer, client, after } = scriptedClients();

const table: readonly RouteRule[] = [
  { method: 'GET', path: '/orders/{id}', permission: 'orders:read', resource: 'orders/{id}' },
  { method: 'POST', path: '/orders', permission: 'orders:write', resource: 'orders' },
  { method: 'GET', path: '/orders/public', public: true },
];

/** Whom the handler takes for the caller: by context after waiting, and by the request object. */
async function who(request: object): Promise<string> {
  await sleep(2);
  return `${currentIdentity()?.principalId} ${identityOf(request)?.principalId}`;
}

/** Starts an application with a table in front or with a guard on each route; gives its port. */
type Start = (ledgate: Ledgate, tabled: boolean, options: HttpGuardOptions) => Promise<number>;

const startExpress: Start = async (ledgate, tabled, options) => {
  const { requirePermission, routes } = ledgateExpress(ledgate, options);
  const app = express();
  const free = (_req: unknown, _res: unknown, next: () => void) => next();
  const guard = (permission: string, resource: string) =>
    tabled ? free : requirePermission(permission, resource);
  if (tabled) app.use(routes(table));
  app.use(express.json());
  app.get('/orders/public', async (req, res) => void res.send(await who(req)));
  app.get('/orders/:id', guard('orders:read', 'orders/{id}'), async (req, res) => {
    res.send(await who(req));
  });
  app.post('/orders', guard('orders:write', 'orders'), async (req, res) => {
    res.send(await who(req));
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => server.close());
  return (server.address() as AddressInfo).port;
};

const startFastify: Start = async (ledgate, tabled, options) => {
  const { requirePermission, routes } = ledgateFastify(ledgate, options);
  const app = fastify();
  const guard = (permission: string, resource: string) =>
    tabled ? {} : { preHandler: requirePermission(permission, resource) };
  if (tabled) await app.register(routes(table));
  app.get('/orders/public', async (request) => who(request));
  app.get('/orders/:id', guard('orders:read', 'orders/{id}'), async (request) => who(request));
  app.post('/orders', guard('orders:write', 'orders'), async (request) => who(request));
  await app.listen({ port: 0, host: '127.0.0.1' });
  after(() => app.close());
  return (app.server.address() as AddressInfo).port;
};

const startHono: Start = async (ledgate, tabled, options) => {
  const { requirePermission, routes } = ledgateHono(ledgate, options);
  const app = new Hono();
  const free = async (_: unknown, next: () => Promise<void>) => next();
  const guard = (permission: string, resource: string) =>
    tabled ? free : requirePermission(permission, resource);
  if (tabled) app.use(routes(table));
  app.get('/orders/public', async (c) => c.text(await who(c)));
  app.get('/orders/:id', guard('orders:read', 'orders/{id}'), async (c) => c.text(await who(c)));
  app.post('/orders', guard('orders:write', 'orders'), async (c) => {
    await c.req.json();
    return c.text(await who(c));
  });
  const port = await new Promise<number>((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (info) =>
      resolve(info.port),
    );
    after(() => server.close());
  });
  return port;
};

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Sends the path exactly as it is written. */
async function send(
  port: number,
  path: string,
  { method = 'GET', authorization = 'Bearer lgk_a', body = '' } = {},
): Promise<Reply> {
  const headers = {
    ...(authorization === '' ? {} : { authorization }),
    ...(body === '' ? {} : { 'content-type': 'application/json' }),
    connection: 'close',
  };
  const request = httpRequest({ port, host: '127.0.0.1', path, method, headers }).end(body);
  const [response] = (await once(request, 'response')) as [
    AsyncIterable<Buffer> & Reply & { statusCode: number },
  ];
  let text = '';
  for await (const chunk of response) text += chunk.toString();
  return { status: response.statusCode, headers: response.headers, text };
}

const frameworks: [string, Start][] = [
  ['express', startExpress],
  ['fastify', startFastify],
  ['hono', startHono],
];
const modes: [string, string, Start, boolean][] = frameworks.flatMap(([name, start]) => [
  [name, 'a guard on each route', start, false],
  [name, 'a table of routes', start, true],
]);

describe.each(modes)('%s with %s', (name, _, start, tabled) => {
  async function app(script: Script = {}, options: HttpGuardOptions = {}) {
    const asked: AuthorizeRequest[] = [];
    const answer = script.authorize ?? (() => allowed({ principalId: 'alice' }));
    const { address } = await authorizer({
      authorize: (request) => {
        asked.push(request);
        return answer(request);
      },
    });
    return { port: await start(client(address), tabled, options), asked };
  }

  it('serves an allowed request as its caller, with the resource of its path', async () => {
    const { port, asked } = await app();
    expect(await send(port, '/orders/17?x=/y')).toMatchObject({ status: 200, text: 'alice alice' });
    expect(await send(port, '/orders/J%C3%BCrgen')).toMatchObject({ status: 200 });
    expect(asked.map(({ action, resource }) => [action, resource])).toEqual([
      ['orders:read', 'orders/17'],
      ['orders:read', 'orders/Jürgen'],
    ]);
  });

  it('knows the caller also behind a body', async () => {
    const { port, asked } = await app();
    const body = JSON.stringify({ text: 'x'.repeat(100_000) });
    const posted = await send(port, '/orders', {
      method: 'POST',
      body: body.slice(0, 90_000) + '"}',
    });
    expect(posted.text).toBe('alice alice');
    expect(asked).toMatchObject([{ action: 'orders:write', resource: 'orders' }]);
  });

  it('challenges with 401 (RFC 6750)', async () => {
    const { port, asked } = await app(
      { authorize: () => wireAnswer({ reason: 'CREDENTIAL_REVOKED' }) },
      { realm: 'shop' },
    );
    const none = await send(port, '/orders/1', { authorization: '' });
    expect(none.status).toBe(401);
    expect(none.headers['www-authenticate']).toBe('Bearer realm="shop"');
    expect(asked).toEqual([]);
    const revoked = await send(port, '/orders/1');
    expect(revoked.status).toBe(401);
    expect(revoked.headers['www-authenticate']).toBe('Bearer realm="shop", error="invalid_token"');
    expect(revoked.headers['content-type']).toContain('application/problem+json');
  });

  it('accepts Basic where it is enabled', async () => {
    const { port, asked } = await app({}, { basic: { tenant: 'acme' } });
    const authorization = `Basic ${Buffer.from('alice:pw').toString('base64')}`;
    expect((await send(port, '/orders/1', { authorization })).status).toBe(200);
    expect(asked).toMatchObject([
      { who: { value: { credential: { value: { tenant: 'acme', username: 'alice' } } } } },
    ]);
  });

  it('denies with 403', async () => {
    const { port } = await app({ authorize: () => wireAnswer({ decisionId: 'd7' }) });
    const denied = await send(port, '/orders/1');
    expect(denied.status).toBe(403);
    expect(JSON.parse(denied.text)).toEqual({ title: 'Forbidden', status: 403, decisionId: 'd7' });
  });

  it('answers 503 with Retry-After when nobody can decide', async () => {
    const { port } = await app({
      authorize: () => {
        throw new ScriptedStatus(status.INTERNAL);
      },
    });
    const undecided = await send(port, '/orders/1');
    expect(undecided.status).toBe(503);
    expect(undecided.headers['retry-after']).toBe('1');
  });

  it.each([
    '/orders/a%2fb',
    '/orders/a%2Fb',
    '/orders/a%5cb',
    '/orders/a%252fb',
    '/orders/%2e%2e',
    '/orders/%2E',
    '/orders/a%00b',
  ])('refuses %s without asking', async (path) => {
    const { port, asked } = await app();
    const { status: code } = await send(port, path);
    // What the URL parser of hono's server resolves before anybody sees it reaches no order.
    const resolved = name === 'hono' && /%2e/i.test(path);
    expect(resolved ? [400, 403, 404] : [400]).toContain(code);
    expect(asked).toEqual([]);
  });

  it('does not serve the path of one rule under another', async () => {
    const { port, asked } = await app({ authorize: () => wireAnswer() });
    expect((await send(port, '/orders/public', { authorization: '' })).status).toBe(200);
    for (const path of [
      '/orders/%70ublic',
      '/orders/PUBLIC',
      '/Orders/1',
      '/orders/1/',
      '//orders/1',
    ]) {
      const { status: code } = await send(port, path);
      expect([path, code >= 400 || !tabled]).toEqual([path, true]);
    }
    expect(tabled ? asked : []).toEqual([]);
  });

  it('denies what has no rule in a table', async () => {
    const { port, asked } = await app();
    const { status: code } = await send(port, '/other');
    expect(code).toBe(tabled ? 403 : 404);
    expect(asked).toEqual([]);
  });
});

describe('a bug in a resource function', () => {
  it('is an error of the service, never an allow', async () => {
    const { address } = await authorizer({ authorize: () => allowed() });
    const { requirePermission } = ledgateExpress(client(address));
    const app = express();
    app.set('env', 'test');
    const buggy = requirePermission('a:b', () => {
      throw new Error('bug');
    });
    app.get('/', buggy, (_req, res) => void res.send('served'));
    app.use(
      ((_error, _req, res, _next) => void res.status(500).end()) as express.ErrorRequestHandler,
    );
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    after(() => server.close());
    const { port } = server.address() as AddressInfo;
    expect((await send(port, '/')).status).toBe(500);
  });
});
