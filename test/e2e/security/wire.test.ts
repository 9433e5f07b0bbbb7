import { connect as http2Connect } from 'node:http2';
import { status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ErrorInfo } from '#proto/google/rpc/error_details.js';
import { Status } from '#proto/google/rpc/status.js';
import { AuthorizerServiceService as Authorizer } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { RoleServiceService as Roles } from '#proto/ledgate/identity/v1/role.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import { everyMethod } from '../../support/identity/every-method.js';
import { logIn, setUpUser } from '../../support/identity/tenant-setup.js';
import { bySubject, startPair, type Pair } from '../../support/ledgate/running-pair.js';
import { setUpShop, type Shop } from '../../support/ledgate/shop.js';

let pair: Pair;
let shop: Shop;

beforeAll(async () => {
  pair = await startPair();
  shop = await setUpShop(pair, 'acme');
});
afterAll(async () => pair.close());

const services = () => [
  { address: pair.identity.address, path: Tenants.getTenant.path, bearer: shop.admin },
  { address: pair.authorizerAddress, path: Authorizer.getStatus.path, bearer: shop.backend },
  { address: pair.authorizerAddress, path: Authorizer.authorize.path, bearer: shop.backend },
];

/** gRPC status of one empty message to this very `:path`; `undefined`: there was no gRPC answer. */
function statusOf(address: string, path: string, bearer: string): Promise<string | undefined> {
  const session = http2Connect(`http://${address}`);
  return new Promise((resolve) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(bearer === '' ? {} : { authorization: `Bearer ${bearer}` }),
    });
    let code: string | undefined;
    const note = (fields: object): void => {
      if ('grpc-status' in fields) code = String(fields['grpc-status']);
    };
    for (const event of ['response', 'trailers']) stream.on(event, note);
    for (const one of [stream, session]) one.on('error', () => undefined);
    stream.on('close', () => {
      session.destroy();
      resolve(code);
    });
    stream.resume();
    stream.end(Buffer.alloc(5));
  });
}

const pathTricks: readonly ((path: string) => string)[] = [
  (path) => path.slice(1),
  (path) => `/${path}`,
  (path) => `${path}/`,
  (path) => path.toLowerCase(),
  (path) => path.replace(/\/(?=[^/]*$)/u, '//'),
  (path) => path.replace(/\/(?=[^/]*$)/u, '/./'),
  (path) => path.replace(/\/(?=[^/]*$)/u, '/x/../'),
  (path) => path.replace(/\/(?=[^/]*$)/u, '%2f'),
  (path) => path.replace(/\.v1\./u, '%2ev1%2e'),
  (path) => `${path}?x=1`,
  (path) => `${path}#x`,
  (path) => `${path};x`,
  (path) => `http://localhost${path}`,
  () => '*',
  () => '/',
];

describe('grpc-go CVE-2026-33186: no other :path reaches a method', () => {
  it('of either service, with or without a credential', async () => {
    for (const { address, path, bearer } of services()) {
      const reachable = await statusOf(address, path, bearer);
      // Its own path is served: an empty message is a fine request, or a malformed one.
      expect([String(status.OK), String(status.INVALID_ARGUMENT)]).toContain(reachable);
      for (const trick of pathTricks) {
        for (const credential of [bearer, '']) {
          const answer = await statusOf(address, trick(path), credential);
          expect([undefined, String(status.UNIMPLEMENTED)]).toContain(answer);
        }
      }
    }
  });

  it('and the right one is refused without a credential', async () => {
    const { address, path } = services()[0]!;
    expect(await statusOf(address, path, '')).toBe(String(status.UNAUTHENTICATED));
  });
});

/** `depth` messages, each the only field of the one around it. */
function nested(depth: number, field: number): Buffer {
  let bytes: Buffer = Buffer.alloc(0);
  for (let level = 0; level < depth; level++) {
    bytes = Buffer.concat([Buffer.from([(field << 3) | 2]), varint(bytes.length), bytes]);
  }
  return bytes;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

describe('protobufjs CVE-2026-44291, CVE-2024-7254: messages of any depth', () => {
  const bodies = () => {
    const most = 1_000_000;
    const groups = (field: number) => Buffer.alloc(most, (field << 3) | 3);
    const closed = Buffer.concat([Buffer.alloc(most / 2, 0x7b), Buffer.alloc(most / 2, 0x7c)]);
    return [groups(1), groups(15), closed, nested(3_000, 1), nested(3_000, 2), nested(3_000, 5)];
  };

  it('are refused or passed over by every method of both, which go on serving', async () => {
    await setUpUser(pair, shop.admin, 'passer-by', 'seven quiet lanterns');
    const passerBy = await logIn(pair, 'acme', 'passer-by', 'seven quiet lanterns');
    // What is passed over ends the sessions of whoever calls.
    const callerOf = (path: string): string =>
      /\/End\w*Sessions?$/u.test(path) ? passerBy : shop.admin;
    const targets = [
      ...everyMethod.map(
        ({ path }) =>
          (bytes: Buffer) =>
            pair.callRaw(path, bytes, callerOf(path)),
      ),
      ...Object.values(Authorizer).map(
        ({ path }) =>
          (bytes: Buffer) =>
            pair.authorizer.callRaw(path, bytes, shop.backend),
      ),
    ];
    const codes = new Set<number>();
    for (const body of bodies()) {
      const results = await Promise.allSettled(targets.map((send) => send(body)));
      for (const result of results) {
        codes.add(result.status === 'fulfilled' ? 0 : (result.reason as ServiceError).code);
      }
    }
    // Nothing of it is a fault of ours.
    for (const ours of [status.UNKNOWN, status.UNAVAILABLE, status.DATA_LOSS]) {
      expect(codes).not.toContain(ours);
    }
    expect(await pair.call(Tenants.getTenant, {}, shop.admin)).toMatchObject({
      tenant: { slug: 'acme' },
    });
    const status_ = await pair.authorizer.call(
      Authorizer.getStatus,
      { stateHash: false },
      shop.backend,
    );
    expect(status_.clusterId).toBe(pair.identity.clusterId);
    expect(pair.logged.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });
});

/** What a refusal says about itself. */
function detailsOf({ metadata }: ServiceError): {
  reason: string;
  requestId: string;
  text: string;
} {
  const [packed] = metadata.get('grpc-status-details-bin');
  const { details, message } = Status.decode(packed as Buffer);
  const any = details.find(({ typeUrl }) => typeUrl.endsWith('ErrorInfo'));
  const info = ErrorInfo.decode(any?.value ?? new Uint8Array(0));
  return { reason: info.reason, requestId: info.metadata['request_id'] ?? '', text: message };
}

describe('Ory v26.2.5: no object is shared between calls', () => {
  it('300 refusals of identity and the authorizer at once are each about their own request', async () => {
    const refusals = Array.from({ length: 300 }, async (_, at) => {
      const roleId = `01890a5d-ac96-774b-bcce-${String(at).padStart(12, '0')}`;
      const name = `Bad Name ${at}`;
      const who = bySubject(shop.tenantId, 'x'.repeat(129));
      const calls = [
        pair.call(Roles.renameRole, { roleId, name: `fine-${at}` }, shop.admin),
        pair.call(Roles.createRole, { name }, shop.admin),
        pair.authorize({ who, action: 'orders:read', resource: String(at) }, shop.backend),
      ];
      const errors = await Promise.all(
        calls.map((call) => call.then(fail, (error: ServiceError) => error)),
      );
      return errors.map((error) => ({ code: error.code, ...detailsOf(error) }));
    });
    const answers = (await Promise.all(refusals)).flat();
    const codes = [status.NOT_FOUND, status.INVALID_ARGUMENT, status.INVALID_ARGUMENT];
    expect(answers.map(({ code }) => code)).toEqual(refusals.flatMap(() => codes));
    expect(new Set(answers.map(({ requestId }) => requestId)).size).toBe(answers.length);
  });
});

function fail(): never {
  throw new Error('not refused');
}
