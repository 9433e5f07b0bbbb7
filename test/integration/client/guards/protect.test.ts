import { setTimeout as sleep } from 'node:timers/promises';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
} from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { type AuthorizeRequest } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { rulesFor, type MethodRules } from '#libs/client/grpc/method-rules.js';
import { protect } from '#libs/client/grpc/protect.js';
import { type GuardOptions } from '#libs/client/guard/guard.js';
import { currentIdentity, identityOf } from '#libs/client/guard/request-identity.js';
import {
  ordersService as orders,
  type OrderReply,
  type OrderRequest,
} from '../../../support/client/orders-service.js';
import {
  allowed,
  ScriptedStatus,
  wireAnswer,
  type Script,
} from '../../../support/client/scripted-authorizer.js';
import { scriptedClients } from '../../../support/client/scripted-client.js';

const { authorizer, client, after } = scriptedClients();

const rules = rulesFor(orders, {
  getOrder: { permission: 'orders:read', resource: 'orders/{orderId}' },
  watchOrder: { permission: 'orders:watch', resource: 'orders/{order.id}' },
  importOrders: {
    permission: 'orders:import',
    resource: (_request, metadata) => `shops/${metadata.get('shop').join()}`,
  },
  chat: { permission: 'orders:chat', resource: 'orders' },
  ping: { public: true },
  forgotten: { permission: 'orders:read', resource: 'orders' },
});

const who = (): string => currentIdentity()?.principalId ?? 'nobody';

/** Handlers that say who they think is calling, also after waiting, and count how often they ran. */
function handlers(ran: string[]) {
  const note = (name: string): void => {
    ran.push(name);
  };
  return {
    getOrder: (
      call: ServerUnaryCall<OrderRequest, OrderReply>,
      callback: sendUnaryData<OrderReply>,
    ) => {
      note('getOrder');
      const known = identityOf(call.metadata)?.principalId;
      void sleep(5).then(() => callback(null, { text: `${who()} ${known}` }));
    },
    watchOrder: (call: ServerWritableStream<OrderRequest, OrderReply>) => {
      note('watchOrder');
      call.write({ text: who() });
      call.end();
    },
    importOrders: (
      call: ServerReadableStream<OrderRequest, OrderReply>,
      callback: sendUnaryData<OrderReply>,
    ) => {
      note('importOrders');
      const seen: string[] = [who()];
      call.on('data', () => seen.push(who()));
      call.on('end', () => callback(null, { text: seen.join() }));
    },
    chat: (call: ServerDuplexStream<OrderRequest, OrderReply>) => {
      note('chat');
      call.on('data', () => call.write({ text: who() }));
      call.on('end', () => call.end());
    },
    ping: (_call: ServerUnaryCall<OrderRequest, OrderReply>, callback: sendUnaryData<OrderReply>) =>
      callback(null, { text: who() }),
    forgotten: (
      _call: ServerUnaryCall<OrderRequest, OrderReply>,
      callback: sendUnaryData<OrderReply>,
    ) => {
      note('forgotten');
      callback(null, { text: who() });
    },
  };
}

interface Service {
  readonly unary: (
    method: (typeof orders)[keyof typeof orders],
    request: OrderRequest,
    authorization?: string,
  ) => Promise<string>;
  readonly raw: Client;
  /** Questions that reached the authorizer. */
  readonly asked: AuthorizeRequest[];
  readonly ran: string[];
}

function metadataOf(authorization = 'Bearer lgk_a'): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', authorization);
  return metadata;
}

async function service(
  script: Script = {},
  { ruled = rules, options = {} }: { ruled?: MethodRules; options?: GuardOptions } = {},
): Promise<Service> {
  const asked: AuthorizeRequest[] = [];
  const answer = script.authorize ?? (() => allowed({ principalId: 'alice' }));
  const { address } = await authorizer({
    authorize: (request) => {
      asked.push(request);
      return answer(request);
    },
  });
  const ran: string[] = [];
  const server = new Server({ interceptors: [protect(ruled, client(address), options)] });
  server.addService(orders, handlers(ran));
  const port = await new Promise<number>((resolve, reject) => {
    const bound = (error: Error | null, at: number) => (error ? reject(error) : resolve(at));
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), bound);
  });
  after(() => server.forceShutdown());
  const raw = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  after(() => raw.close());
  const unary: Service['unary'] = (method, request, authorization) =>
    new Promise((resolve, reject) => {
      raw.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        authorization === '' ? new Metadata() : metadataOf(authorization),
        { deadline: Date.now() + 10_000 },
        (error, reply) => (error ? reject(error) : resolve(reply?.text ?? '')),
      );
    });
  return { unary, raw, asked, ran };
}

const refused = (code: status): Partial<ServiceError> => ({ code });

describe('protect', () => {
  it('serves an allowed call as its caller', async () => {
    const { unary, asked } = await service();
    expect(await unary(orders.getOrder, { orderId: '17' })).toBe('alice alice');
    expect(asked).toMatchObject([
      {
        who: { value: { credential: { $case: 'apiKey', value: 'lgk_a' } } },
        action: 'orders:read',
        resource: 'orders/17',
      },
    ]);
  });

  it('keeps the callers of calls at the same time apart', async () => {
    const { unary } = await service({
      authorize: ({ who: asking }) =>
        allowed({
          principalId: (asking as { value: { credential: { value: string } } }).value.credential
            .value,
        }),
    });
    const names = Array.from({ length: 30 }, (_, i) => `user${i}`);
    const texts = await Promise.all(
      names.map((name) => unary(orders.getOrder, { orderId: '1' }, `Bearer ${name}`)),
    );
    expect(texts).toEqual(names.map((name) => `${name} ${name}`));
  });

  it.each<[string, Script, string, status]>([
    ['no credential', {}, '', status.UNAUTHENTICATED],
    ['an unreadable credential', {}, 'nonsense', status.UNAUTHENTICATED],
    ['two credentials', {}, 'Bearer a, Bearer b', status.UNAUTHENTICATED],
    [
      'a revoked credential',
      { authorize: () => wireAnswer({ reason: 'CREDENTIAL_REVOKED' }) },
      'Bearer a',
      status.UNAUTHENTICATED,
    ],
    ['a denial', { authorize: () => wireAnswer() }, 'Bearer a', status.PERMISSION_DENIED],
    [
      'an authorizer that fails',
      {
        authorize: () => {
          throw new ScriptedStatus(status.INTERNAL);
        },
      },
      'Bearer a',
      status.UNAVAILABLE,
    ],
    [
      'an authorizer that refuses this service',
      {
        authorize: () => {
          throw new ScriptedStatus(status.PERMISSION_DENIED);
        },
      },
      'Bearer a',
      status.UNAVAILABLE,
    ],
  ])('refuses with %s, and the handler does not run', async (_, script, authorization, code) => {
    const { unary, ran } = await service(script);
    await expect(unary(orders.getOrder, { orderId: '1' }, authorization)).rejects.toMatchObject(
      refused(code),
    );
    expect(ran).toEqual([]);
  });

  it.each(['', '..', 'a/b', 'a%2fb', '.'])(
    'refuses the field %j without asking',
    async (orderId) => {
      const { unary, asked, ran } = await service();
      await expect(unary(orders.getOrder, { orderId })).rejects.toMatchObject(
        refused(status.INVALID_ARGUMENT),
      );
      expect([asked, ran]).toEqual([[], []]);
    },
  );

  it('denies a method without a rule, whoever calls', async () => {
    const { forgotten, ...others } = orders;
    const ruled = { ...rules };
    delete (ruled as Record<string, unknown>)[forgotten.path];
    const { unary, asked, ran } = await service({}, { ruled });
    await expect(unary(forgotten, {})).rejects.toMatchObject(refused(status.PERMISSION_DENIED));
    await expect(unary(forgotten, {}, '')).rejects.toMatchObject(refused(status.PERMISSION_DENIED));
    expect([asked, ran]).toEqual([[], []]);
    expect(await unary(others.getOrder, { orderId: '1' })).toBe('alice alice');
  });

  it('serves a public method without asking, as nobody', async () => {
    const { unary, asked } = await service();
    expect(await unary(orders.ping, {}, '')).toBe('nobody');
    expect(asked).toEqual([]);
  });

  it('judges a server stream by its request', async () => {
    const { raw, asked } = await service();
    const { path, requestSerialize, responseDeserialize } = orders.watchOrder;
    const request = { order: { id: '9' } };
    const stream = raw.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadataOf(),
    );
    const texts: string[] = [];
    for await (const reply of stream) texts.push((reply as OrderReply).text);
    expect(texts).toEqual(['alice']);
    expect(asked).toMatchObject([{ action: 'orders:watch', resource: 'orders/9' }]);
  });

  it('judges a client stream by its metadata, before its handler starts', async () => {
    const importing = async ({ raw }: Service, shop: string) =>
      new Promise<string>((resolve, reject) => {
        const metadata = metadataOf();
        metadata.set('shop', shop);
        const { path, requestSerialize, responseDeserialize } = orders.importOrders;
        const stream = raw.makeClientStreamRequest(
          path,
          requestSerialize,
          responseDeserialize,
          metadata,
          (error, reply) => (error ? reject(error) : resolve(reply?.text ?? '')),
        );
        stream.on('error', () => undefined);
        stream.write({ orderId: '1' });
        stream.write({ orderId: '2' });
        stream.end();
      });
    const good = await service();
    expect(await importing(good, 'acme')).toBe('alice,alice,alice');
    expect(good.asked).toMatchObject([{ action: 'orders:import', resource: 'shops/acme' }]);
    const denying = await service({ authorize: () => wireAnswer() });
    await expect(importing(denying, 'acme')).rejects.toMatchObject(
      refused(status.PERMISSION_DENIED),
    );
    await expect(importing(denying, '..')).rejects.toMatchObject(refused(status.INVALID_ARGUMENT));
    expect(denying.ran).toEqual([]);
  });

  it('judges a stream in both directions once', async () => {
    const { raw, asked } = await service();
    const { path, requestSerialize, responseDeserialize } = orders.chat;
    const stream = raw.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      metadataOf(),
    );
    stream.write({});
    stream.write({});
    stream.end();
    const texts: string[] = [];
    for await (const reply of stream) texts.push((reply as OrderReply).text);
    expect(texts).toEqual(['alice', 'alice']);
    expect(asked.length).toBe(1);
  });

  it('takes an error in a resource function for INTERNAL, not for an allow', async () => {
    const ruled: MethodRules = {
      [orders.getOrder.path]: {
        permission: 'orders:read',
        resource: () => {
          throw new Error('bug');
        },
      },
    };
    const { unary, ran } = await service({}, { ruled });
    const error = unary(orders.getOrder, { orderId: '1' });
    await expect(error).rejects.toMatchObject(refused(status.INTERNAL));
    await expect(error).rejects.not.toThrow('bug');
    expect(ran).toEqual([]);
  });

  it('lets calls through an outage only when the service says so', async () => {
    const failing: Script = {
      authorize: () => {
        throw new ScriptedStatus(status.INTERNAL);
      },
    };
    const { unary } = await service(failing, { options: { onUnavailable: () => 'allow' } });
    expect(await unary(orders.getOrder, { orderId: '1' })).toBe('nobody undefined');
  });

  it('refuses malformed rules at the start', () => {
    const ledgate = client('127.0.0.1:1');
    for (const resource of ['', '/orders', 'orders/{}']) {
      expect(() => protect({ '/a/B': { permission: 'a:b', resource } }, ledgate)).toThrow(
        TypeError,
      );
    }
    expect(() => protect({ '/a/B': { permission: '', resource: 'r' } }, ledgate)).toThrow(
      TypeError,
    );
  });
});
