import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Client, credentials, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { serve } from '@hono/node-server';
import express from 'express';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectLedgate } from '#libs/client/connect-ledgate.js';
import { protect } from '#libs/client/grpc/protect.js';
import { currentIdentity } from '#libs/client/guard/request-identity.js';
import { ledgateExpress } from '#libs/client/http/express.js';
import { ledgateFastify } from '#libs/client/http/fastify.js';
import { ledgateHono } from '#libs/client/http/hono.js';
import { type RouteRule } from '#libs/client/http/route-table.js';
import { type Ledgate } from '#libs/client/ledgate.js';
import { connect } from '#libs/grpc/connect.js';
import {
  EndpointRuleServiceClient,
  type EndpointRule,
} from '#proto/ledgate/identity/v1/endpoint_rule.js';
import { ask } from '#services/ledgate/cli/ask.js';
import { ordersService } from '../../../support/client/orders-service.js';
import { startLedgate, type RunningLedgate } from '../../../support/client/running-ledgate.js';
import { sampleRule } from '../../../support/identity/sample-rule.js';

// Rules that are kept in Ledgate, on the real services, in every framework; and the same in the code.

const orders = { permission: 'orders:read', resource: 'projects/{project}/orders/{id}' } as const;
const table: readonly RouteRule[] = [
  { method: 'GET', path: '/projects/{project}/orders/{id}', ...orders },
  {
    method: 'GET',
    path: '/projects/{project}/orders/all',
    permission: 'orders:read',
    resource: 'projects/{project}',
  },
  {
    method: 'POST',
    path: '/projects/{project}/orders/{id}',
    ...orders,
    permission: 'orders:refund',
  },
  { method: 'GET', path: '/hours', public: true },
];
const stepUp = '/projects/{project}/orders/{id}/refund';
const cleanUps: (() => unknown)[] = [];
let running: RunningLedgate;
let ledgate: Ledgate;

function pushed(rule: RouteRule): EndpointRule {
  if (rule.public) return sampleRule(rule.method, rule.path, { public: true });
  const { permission, resource } = rule;
  if (typeof resource === 'function') throw new TypeError('only templates are pushed');
  return sampleRule(rule.method, rule.path, { permission, resourceTemplate: resource });
}

beforeAll(async () => {
  running = await startLedgate();
  const { identity, demo } = running;
  const rules = connect(EndpointRuleServiceClient, {
    address: identity,
    credentials: undefined,
    allowPlaintext: false,
    bearer: demo.adminKey,
  });
  await ask(rules, 'replaceEndpointRules', {
    options: undefined,
    tenantId: '',
    api: 'shop',
    replacedDigest: '',
    sourceDigest: '',
    rules: [
      ...table.map(pushed),
      sampleRule('GET', stepUp, { minAcr: 'urn:ledgate:acr:2', maxAuthAgeMs: 300_000n }),
      sampleRule(ordersService.getOrder.path, '', {
        permission: 'orders:read',
        resourceTemplate: 'projects/acme/orders/{order_id}',
      }),
      sampleRule(ordersService.ping.path, '', { public: true }),
    ],
  });
  rules.close();
  ledgate = connectLedgate({
    address: running.authorizer,
    credential: demo.backendKey,
    deadlineMs: 10_000,
  });
  // From here on the rules are known.
  const endpoint = { api: 'shop', call: { httpMethod: 'GET', path: '/hours' } };
  await ledgate.authorize({ endpoint }, { consistency: { fullyConsistent: true } });
});
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  await ledgate.close();
  await running.stop();
});

const who = (): string => currentIdentity()?.principalId ?? 'nobody';

/** An application behind a guard that answers every path that was let through. */
type Start = (guarded: 'endpoints' | 'table') => Promise<number>;

const startExpress: Start = async (guarded) => {
  const guard = ledgateExpress(ledgate);
  const app = express();
  app.use(guarded === 'table' ? guard.routes(table) : guard.endpoints('shop'));
  app.use((_request, response) => void response.send(who()));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => server.close());
  return (server.address() as AddressInfo).port;
};

const startFastify: Start = async (guarded) => {
  const guard = ledgateFastify(ledgate);
  const app = fastify();
  await app.register(guarded === 'table' ? guard.routes(table) : guard.endpoints('shop'));
  app.all('/*', async () => who());
  await app.listen({ port: 0, host: '127.0.0.1' });
  cleanUps.push(() => app.close());
  return (app.server.address() as AddressInfo).port;
};

const startHono: Start = async (guarded) => {
  const guard = ledgateHono(ledgate);
  const app = new Hono();
  app.use(guarded === 'table' ? guard.routes(table) : guard.endpoints('shop'));
  app.all('*', (c) => c.text(who()));
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
      resolve(port),
    );
    cleanUps.push(() => server.close());
  });
};

interface Reply {
  readonly status: number;
  readonly challenge: string | undefined;
  readonly text: string;
}

/** Sends the path exactly as it is written. */
async function send(port: number, method: string, path: string, key = ''): Promise<Reply> {
  const authorization = key === '' ? {} : { authorization: `Bearer ${key}` };
  const headers = { ...authorization, connection: 'close' };
  const request = httpRequest({ port, host: '127.0.0.1', path, method, headers }).end();
  const [response] = (await once(request, 'response')) as [
    AsyncIterable<Buffer> & { statusCode: number; headers: Record<string, string | undefined> },
  ];
  let text = '';
  for await (const chunk of response) text += chunk.toString();
  const challenge = response.headers['www-authenticate'];
  return { status: response.statusCode, challenge, text };
}

const frameworks: readonly (readonly [string, Start])[] = [
  ['express', startExpress],
  ['fastify', startFastify],
  ['hono', startHono],
];

describe.each(frameworks)('%s by the rules of an API', (_, start) => {
  it('lets in who meets them, and answers others with the challenge of the rule', async () => {
    const port = await start('endpoints');
    const { aliceKey, backendKey } = running.demo;
    const order = '/projects/acme/orders/17';
    const allowed = await send(port, 'GET', order, aliceKey);
    expect([allowed.status, allowed.text]).toEqual([200, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    expect(await send(port, 'GET', '/hours')).toMatchObject({ status: 200, text: 'nobody' });
    expect(await send(port, 'GET', order)).toMatchObject({
      status: 401,
      challenge: 'Bearer realm="shop"',
    });
    expect(await send(port, 'GET', order, 'lgk_nobody')).toMatchObject({
      status: 401,
      challenge: 'Bearer realm="shop", error="invalid_token"',
    });
    expect(await send(port, 'GET', order, backendKey)).toMatchObject({ status: 403 });
    expect(await send(port, 'GET', `${order}/refund`, aliceKey)).toMatchObject({
      status: 401,
      challenge:
        'Bearer realm="shop", error="insufficient_user_authentication", ' +
        'acr_values="urn:ledgate:acr:2", max_age="300"',
    });
  });

  it('decides as the same rules in a table do', async () => {
    const [kept, inCode] = [await start('endpoints'), await start('table')];
    const paths = [
      '/projects/acme/orders/17',
      '/projects/initech/orders/17',
      '/projects/acme/orders/all',
      '/projects/acme/orders/All',
      '/projects/acme/orders',
      '/projects/acme/orders/17/',
      '/projects/acme/orders//17',
      '/projects/acme/orders/%2e%2e',
      '/projects/acme/orders/a%2fb',
      '/projects/acme/orders/a%20b',
      '/hours',
      '/Hours',
      '/nowhere',
      '/',
    ];
    const { aliceKey } = running.demo;
    for (const path of paths) {
      for (const [method, key] of [
        ['GET', aliceKey],
        ['GET', ''],
        ['POST', aliceKey],
      ] as const) {
        const [one, other] = await Promise.all([
          send(kept, method, path, key),
          send(inCode, method, path, key),
        ]);
        expect([method, path, key === '', one.status]).toEqual([
          method,
          path,
          key === '',
          other.status,
        ]);
      }
    }
  });
});

describe('grpc-js by the rules of an API', () => {
  async function call(path: string, message: object, key = '') {
    const server = new Server({ interceptors: [protect({ api: 'shop' }, ledgate)] });
    const reply = (_call: unknown, done: (error: null, value: { text: string }) => void) =>
      done(null, { text: who() });
    server.addService(ordersService, {
      getOrder: reply,
      ping: reply,
      forgotten: reply,
      watchOrder: () => undefined,
      importOrders: () => undefined,
      chat: () => undefined,
    });
    const port = await new Promise<number>((resolve, reject) => {
      const insecure = ServerCredentials.createInsecure();
      server.bindAsync('127.0.0.1:0', insecure, (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const metadata = new Metadata();
    if (key !== '') metadata.set('authorization', `Bearer ${key}`);
    const { requestSerialize, responseDeserialize } = ordersService.getOrder;
    try {
      return await new Promise<unknown[]>((resolve) => {
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          message,
          metadata,
          (error, answer) => {
            const challenge = error?.metadata.get('www-authenticate')[0];
            resolve(error ? [error.code, challenge] : [status.OK, answer?.text]);
          },
        );
      });
    } finally {
      client.close();
      server.forceShutdown();
    }
  }

  it('takes the resource from the request, and sends the challenge as a trailer', async () => {
    const { aliceKey } = running.demo;
    const { getOrder, ping, forgotten } = ordersService;
    const message = { orderId: '17' };
    expect(await call(getOrder.path, message, aliceKey)).toEqual([
      status.OK,
      expect.stringMatching(/^[0-9a-f-]{36}$/),
    ]);
    expect(await call(getOrder.path, message)).toEqual([
      status.UNAUTHENTICATED,
      'Bearer realm="shop"',
    ]);
    expect(await call(getOrder.path, {}, aliceKey)).toEqual([status.INVALID_ARGUMENT, undefined]);
    expect(await call(ping.path, {})).toEqual([status.OK, 'nobody']);
    expect(await call(forgotten.path, {}, aliceKey)).toEqual([status.PERMISSION_DENIED, undefined]);
  });
});
