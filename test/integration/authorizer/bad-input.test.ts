import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { status, type ServiceError } from '@grpc/grpc-js';
import { BadRequest } from '#proto/google/rpc/error_details.js';
import { Status } from '#proto/google/rpc/status.js';
import {
  AuthenticateRequest,
  AuthorizeRequest,
  AuthorizerServiceService as methods,
  BatchAuthorizeRequest,
  ExplainRequest,
  GetStatusRequest,
  ListPermissionsRequest,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import {
  refusalOf,
  startAuthorizerWorld,
  type AuthorizerWorld,
} from '../../support/authorizer/running-authorizer.js';
import {
  granted,
  permissionDefined,
  registered,
  roleCreated,
  tenantWithCaller,
} from '../../support/authorizer/seed-events.js';

// Each RPC refuses every kind of malformed field with INVALID_ARGUMENT and a field violation.

const { events, apiKey } = tenantWithCaller('acme');
let world: AuthorizerWorld;
beforeAll(async () => {
  world = await startAuthorizerWorld(async (seed) => {
    await seed.append(events, { tenant: 'acme' });
    await seed.append(
      [
        permissionDefined('orders:read'),
        roleCreated('clerk', ['orders:read']),
        registered('bob'),
        granted('bob', 'clerk'),
      ],
      { tenant: 'acme' },
    );
  });
});
afterAll(async () => world.closeAll());

const subject = { tenantId: 'acme', principalId: 'bob' };
const who = { $case: 'subject' as const, value: subject };
const question = { who, action: 'orders:read', resource: 'a', consistency: undefined };
const long = (length: number): string => 'x'.repeat(length + 1);

interface Bad {
  readonly field: string;
  readonly change: object;
}

const badSubjects: readonly Bad[] = [
  { field: 'who', change: { who: undefined } },
  { field: 'subject.tenant_id', change: { who: { ...who, value: { ...subject, tenantId: '' } } } },
  {
    field: 'subject.principal_id',
    change: { who: { ...who, value: { ...subject, principalId: '' } } },
  },
  {
    field: 'subject.tenant_id',
    change: { who: { ...who, value: { ...subject, tenantId: long(128) } } },
  },
  {
    field: 'subject.principal_id',
    change: { who: { ...who, value: { ...subject, principalId: long(128) } } },
  },
];
const credentials: readonly (readonly [field: string, credential: object | undefined])[] = [
  ['credential', undefined],
  ['credential.bearer_token', { $case: 'bearerToken', value: '' }],
  ['credential.bearer_token', { $case: 'bearerToken', value: long(8192) }],
  ['credential.api_key', { $case: 'apiKey', value: '' }],
  ['credential.api_key', { $case: 'apiKey', value: long(256) }],
  [
    'credential.basic.tenant',
    { $case: 'basic', value: { tenant: '', username: 'u', password: 'p' } },
  ],
  [
    'credential.basic.username',
    { $case: 'basic', value: { tenant: 't', username: '', password: 'p' } },
  ],
  [
    'credential.basic.password',
    { $case: 'basic', value: { tenant: 't', username: 'u', password: '' } },
  ],
  [
    'credential.basic.password',
    { $case: 'basic', value: { tenant: 't', username: 'u', password: long(4096) } },
  ],
];
const badCredentials: readonly Bad[] = credentials.map(([field, credential]) => ({
  field,
  change: { who: { $case: 'credential', value: { credential } } },
}));
const badActions: readonly Bad[] = [
  { field: 'action', change: { action: '' } },
  { field: 'action', change: { action: long(256) } },
];
const badResources: readonly Bad[] = [{ field: 'resource', change: { resource: long(4096) } }];
const consistencies: readonly (readonly [field: string, requirement: object | undefined])[] = [
  ['consistency', undefined],
  ['consistency.minimize_latency', { $case: 'minimizeLatency', value: false }],
  ['consistency.fully_consistent', { $case: 'fullyConsistent', value: false }],
  ['consistency.at_least_as_fresh', { $case: 'atLeastAsFresh', value: '' }],
  ['consistency.at_least_as_fresh', { $case: 'atLeastAsFresh', value: 'not-a-token' }],
  ['consistency.at_least_as_fresh', { $case: 'atLeastAsFresh', value: long(256) }],
];
const badConsistencies: readonly Bad[] = consistencies.map(([field, requirement]) => ({
  field,
  change: { consistency: { requirement } },
}));

/** Fields that a refusal blames; empty unless it is INVALID_ARGUMENT. */
async function violations(path: string, bytes: Uint8Array): Promise<string[]> {
  try {
    await world.callRaw(path, Buffer.from(bytes), apiKey);
    return [];
  } catch (thrown) {
    const { code, metadata } = thrown as ServiceError;
    if (code !== status.INVALID_ARGUMENT) throw thrown;
    const [packed] = metadata.get('grpc-status-details-bin');
    const any = Status.decode(packed as Buffer).details.find(({ typeUrl }) =>
      typeUrl.endsWith('BadRequest'),
    );
    return any === undefined
      ? []
      : BadRequest.decode(any.value).fieldViolations.map(({ field }) => field);
  }
}

const questions = [...badSubjects, ...badCredentials, ...badActions, ...badResources];
const encode = <T extends object>(
  message: { encode(value: T): { finish(): Uint8Array } },
  value: object,
): Uint8Array => message.encode(value as T).finish();

const cases: readonly (readonly [rpc: string, path: string, field: string, bytes: Uint8Array])[] = [
  ...[...questions, ...badConsistencies].map(({ field, change }) => {
    const bytes = encode(AuthorizeRequest, { ...question, ...change });
    return ['Authorize', methods.authorize.path, field, bytes] as const;
  }),
  ...[...questions, ...badConsistencies].map(({ field, change }) => {
    const bytes = encode(ExplainRequest, { ...question, ...change });
    return ['Explain', methods.explain.path, field, bytes] as const;
  }),
  ...questions.map(({ field, change }) => {
    const requests = [question, { ...question, ...change }];
    const bytes = encode(BatchAuthorizeRequest, { requests, consistency: undefined });
    return ['BatchAuthorize', methods.batchAuthorize.path, `requests[1].${field}`, bytes] as const;
  }),
  ...badConsistencies.map(({ field, change }) => {
    const bytes = encode(BatchAuthorizeRequest, { requests: [question], ...change });
    return ['BatchAuthorize', methods.batchAuthorize.path, field, bytes] as const;
  }),
  ...[0, 257].map((size) => {
    const requests = Array.from({ length: size }, () => question);
    const bytes = encode(BatchAuthorizeRequest, { requests, consistency: undefined });
    return ['BatchAuthorize', methods.batchAuthorize.path, 'requests', bytes] as const;
  }),
  [
    'BatchAuthorize',
    methods.batchAuthorize.path,
    'requests[0].consistency',
    encode(BatchAuthorizeRequest, {
      requests: [
        { ...question, consistency: { requirement: { $case: 'minimizeLatency', value: true } } },
      ],
    }),
  ],
  ...credentials.map(([field, credential]) => {
    const message = { credential: { credential }, consistency: undefined };
    return [
      'Authenticate',
      methods.authenticate.path,
      field,
      encode(AuthenticateRequest, message),
    ] as const;
  }),
  ['Authenticate', methods.authenticate.path, 'credential', new Uint8Array(0)],
  ...badConsistencies.map(({ field, change }) => {
    const message = { credential: { credential: { $case: 'apiKey', value: 'k' } }, ...change };
    return [
      'Authenticate',
      methods.authenticate.path,
      field,
      encode(AuthenticateRequest, message),
    ] as const;
  }),
  ...[...badSubjects, ...badCredentials, ...badResources, ...badConsistencies].map(
    ({ field, change }) => {
      const message = { who, resource: '', pageSize: 0, pageToken: '', ...change };
      const bytes = encode(ListPermissionsRequest, message);
      return ['ListPermissions', methods.listPermissions.path, field, bytes] as const;
    },
  ),
  ...[
    ['page_size', { pageSize: -1 }],
    ['page_size', { pageSize: 501 }],
    ['page_token', { pageToken: 'not-a-token' }],
    ['page_token', { pageToken: Buffer.from('12345678orders:read').toString('base64url') }],
  ].map(([field, change]) => {
    const message = { who, resource: '', pageSize: 0, pageToken: '', ...(change as object) };
    const bytes = encode(ListPermissionsRequest, message);
    return ['ListPermissions', methods.listPermissions.path, field as string, bytes] as const;
  }),
];

describe('malformed fields', () => {
  it.each(cases)('%s refuses (%s) a bad %s', async (_rpc, path, field, bytes) => {
    expect(await violations(path, bytes)).toContain(field);
  });

  it('the question without any of them is answered', async () => {
    expect(await world.call(methods.authorize, question, apiKey)).toMatchObject({ decision: 1 });
  });

  it.each(Object.values(methods).map(({ path }) => [path]))(
    '%s refuses bytes that are no message',
    async (path) => {
      const broken = Buffer.from([0x0a, 0x7f, 0x01]);
      expect(await violations(path, broken)).toContain('request');
    },
  );

  it('every RPC survives a thousand requests of noise, and answers afterwards', async () => {
    const messages = [
      [methods.authorize.path, encode(AuthorizeRequest, question)],
      [methods.batchAuthorize.path, encode(BatchAuthorizeRequest, { requests: [question] })],
      [methods.explain.path, encode(ExplainRequest, question)],
      [methods.getStatus.path, encode(GetStatusRequest, { stateHash: true })],
    ] as const;
    const codes = new Set<number>();
    let seed = 7;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return seed % below;
    };
    const calls = Array.from({ length: 1000 }, async (_, i) => {
      const [path, whole] = messages[i % messages.length]!;
      const bytes = Buffer.from(whole);
      for (let n = 0; n < 3 && bytes.length > 0; n++) bytes[random(bytes.length)] = random(256);
      try {
        await world.callRaw(path, bytes, apiKey);
        codes.add(0);
      } catch (thrown) {
        codes.add((thrown as ServiceError).code);
      }
    });
    await Promise.all(calls);
    expect([...codes].sort((a, b) => a - b)).toEqual([0, 3, 7]);
    expect(await world.call(methods.authorize, question, apiKey)).toMatchObject({ decision: 1 });
  });
});

describe('callers', () => {
  const apiKeyOf = { credential: { $case: 'apiKey', value: 'k' } };
  const whole: Record<string, Uint8Array> = {
    [methods.authorize.path]: encode(AuthorizeRequest, question),
    [methods.batchAuthorize.path]: encode(BatchAuthorizeRequest, { requests: [question] }),
    [methods.authenticate.path]: encode(AuthenticateRequest, { credential: apiKeyOf }),
    [methods.explain.path]: encode(ExplainRequest, question),
    [methods.listPermissions.path]: encode(ListPermissionsRequest, {
      who,
      resource: '',
      pageSize: 0,
      pageToken: '',
    }),
    [methods.getStatus.path]: encode(GetStatusRequest, { stateHash: false }),
  };
  const refused = async (path: string, bearer?: string) => {
    try {
      await world.callRaw(path, Buffer.from(whole[path] ?? []), bearer);
    } catch (thrown) {
      return refusalOf(thrown);
    }
    throw new Error('not refused');
  };

  it.each(Object.values(methods).map(({ path }) => [path]))(
    '%s wants a credential of the caller, and tells nothing about a wrong one',
    async (path) => {
      const none = await refused(path);
      const wrong = await refused(path, `lgk_${'A'.repeat(43)}_AAAAAA`);
      const nonsense = await refused(path, 'eyJhbGciOiJub25lIn0.e30.');
      expect(none).toMatchObject({ code: 16, reason: 'CALLER_UNAUTHENTICATED' });
      expect(wrong).toEqual(none);
      expect(nonsense).toEqual(none);
    },
  );

  it('many refusals at once are each about their own request', async () => {
    const asks = Array.from({ length: 200 }, async (_, i) => {
      const change = { action: 'a'.repeat(257), resource: i % 2 === 0 ? 'x'.repeat(4097) : 'ok' };
      const found = await violations(
        methods.authorize.path,
        encode(AuthorizeRequest, { ...question, ...change }),
      );
      return found.length === (i % 2 === 0 ? 2 : 1);
    });
    expect((await Promise.all(asks)).every(Boolean)).toBe(true);
  });
});
