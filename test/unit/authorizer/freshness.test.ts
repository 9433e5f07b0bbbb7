import { beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '#libs/errors/failure.js';
import { encodeConsistencyToken } from '#libs/ledger/consistency-token.js';
import type { IdentityPort } from '#services/authorizer/app/identity-port.js';
import type { Who } from '#services/authorizer/app/question.js';
import {
  granted,
  permissionDefined,
  registered,
  roleCreated,
  tenantWithCaller,
} from '../../support/authorizer/seed-events.js';
import { AppWorld, callBy, failureOf } from './app-world.js';

const acme = tenantWithCaller('acme');
const bob: Who = { kind: 'SUBJECT', tenant: 'acme', principal: 'bob' };
const newcomer: Who = { kind: 'SUBJECT', tenant: 'acme', principal: 'new' };
let world: AppWorld;
let barriers: number;
/** Identity as far as these tests need it. */
const identity: IdentityPort = {
  verifyPassword: async () => undefined,
  appendBarrier: async () => {
    barriers += 1;
    const position = await world.write('acme', registered(`barrier-${barriers}`));
    return { position, sessionPosition: -1 };
  },
};

beforeEach(async () => {
  barriers = 0;
  world = await AppWorld.begin(identity);
  await world.publishKey();
  await world.happen('acme', ...acme.events);
  await world.happen(
    'acme',
    permissionDefined('orders:read'),
    permissionDefined('orders:pay', { risk: 'SENSITIVE' }),
    permissionDefined('orders:live', { maxStalenessMs: 1_000 }),
    permissionDefined('orders:slow', { risk: 'SENSITIVE', maxStalenessMs: 60_000 }),
    roleCreated('clerk', ['orders:*']),
    registered('bob'),
    granted('bob', 'clerk'),
  );
});

const ask = (action = 'orders:read', who: Who = bob) =>
  world.app.authorizer.authorize(callBy(acme.apiKey), { who, action, resource: 'x' }, undefined);

describe('staleness', () => {
  it('marks answers beyond the soft limit and refuses beyond the hard one', async () => {
    world.reader.ageMs = 10_000;
    expect((await ask()).answered).toMatchObject({ stalenessMs: 10_000, stale: false });
    world.reader.ageMs = 10_001;
    expect((await ask()).answered.stale).toBe(true);
    world.reader.ageMs = 300_000;
    expect((await ask()).outcome).toBe('ALLOW');
    world.reader.ageMs = 300_001;
    expect((await failureOf(() => ask())).reason).toBe('STALE');
  });

  it('is bounded more tightly for SENSITIVE permissions, and by a permission of its own', async () => {
    world.reader.ageMs = 1_001;
    expect((await failureOf(() => ask('orders:live'))).reason).toBe('STALE');
    world.reader.ageMs = 15_001;
    expect((await ask()).outcome).toBe('ALLOW');
    expect((await failureOf(() => ask('orders:pay'))).reason).toBe('STALE');
    expect((await ask('orders:slow')).outcome).toBe('ALLOW');
  });

  it('is bounded by the tenant where that is stricter, never laxer', async () => {
    await world.happen('acme', {
      type: 'TenantSettingsChanged',
      settings: { softStalenessMs: 2_000, hardStalenessMs: 5_000 },
    });
    world.reader.ageMs = 3_000;
    expect((await ask()).answered.stale).toBe(true);
    world.reader.ageMs = 5_001;
    expect((await failureOf(() => ask())).reason).toBe('STALE');
    await world.happen('acme', {
      type: 'TenantSettingsChanged',
      settings: { hardStalenessMs: 900_000 },
    });
    world.reader.ageMs = 300_001;
    expect((await failureOf(() => ask())).reason).toBe('STALE');
  });

  it('fails one question of a batch, not the others', async () => {
    world.reader.ageMs = 16_000;
    const questions = ['orders:read', 'orders:pay'].map((action) => ({
      who: bob,
      action,
      resource: 'x',
    }));
    const answers = await world.app.authorizer.batch(callBy(acme.apiKey), questions, undefined);
    expect(answers.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['ALLOW', 'ALLOWED'],
      ['CANNOT_DECIDE', 'STALE'],
    ]);
  });

  it('of unknown age answers nothing', async () => {
    world.reader.ageMs = Number.POSITIVE_INFINITY;
    expect((await failureOf(() => ask())).reason).toBe('STALE');
  });
});

describe('an authorizer that must not answer', () => {
  it('says so while it is starting, and while it rebuilds after another history', async () => {
    world.reader.state = 'starting';
    expect((await failureOf(() => ask())).reason).toBe('NOT_READY');
    world.reader.state = 'diverged';
    expect((await failureOf(() => ask())).reason).toBe('DIVERGED');
    expect(world.app.ledger.notReady()).toEqual(['the ledger reader is diverged']);
  });

  it('is not ready once it stopped, but answers until its state is too old', async () => {
    world.reader.state = 'stopped';
    world.reader.failure = new Failure('NEEDS_NEWER_BUILD', 'position 9 needs a newer build');
    expect((await ask()).outcome).toBe('ALLOW');
    expect(world.app.ledger.notReady()).toEqual(['position 9 needs a newer build']);
    world.reader.ageMs = 300_001;
    expect((await failureOf(() => ask())).reason).toBe('STALE');
  });

  it('answers from nothing of the old history after a reset', async () => {
    world.reader.fold.reset();
    expect((await failureOf(() => ask())).reason).toBe('NOT_READY');
  });
});

describe('a token from ahead of this authorizer', () => {
  it('is waited for, then judged', async () => {
    const position = await world.write('acme', registered('late'), granted('late', 'clerk'));
    const text = await world.token('acme', 'late', { position });
    const answer = Promise.resolve(ask('orders:read', { kind: 'TOKEN', text }));
    world.reader.catchUp();
    expect(await answer).toMatchObject({ outcome: 'ALLOW', principal: 'late' });
  });

  it('is NOT_YET_KNOWN after 250 ms, never "invalid"', async () => {
    const text = await world.token('acme', 'bob', { position: world.reader.position + 1 });
    const refused = failureOf(() => ask('orders:read', { kind: 'TOKEN', text }));
    world.clock.advance(251);
    expect(await refused).toMatchObject({ reason: 'NOT_YET_KNOWN', retryAfterMs: 250 });
  });

  it('is not waited for when its signature is wrong', async () => {
    const text = await world.token('acme', 'bob', { position: world.reader.position + 1 });
    const forged = `${text.slice(0, -4)}${text.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
    const answer = await ask('orders:read', { kind: 'TOKEN', text: forged });
    expect(answer.reason).toBe('TOKEN_INVALID');
    expect(world.app.wait.waiting).toBe(0);
  });

  it('is of no use when it was issued in another epoch', async () => {
    const text = await world.token('acme', 'bob', { epoch: 2 });
    expect((await ask('orders:read', { kind: 'TOKEN', text })).reason).toBe('TOKEN_WRONG_EPOCH');
  });

  it('of the caller itself is waited for as well', async () => {
    const position = await world.write('acme', registered('x'), granted('bob', 'acme-asker'));
    const text = await world.token('acme', 'bob', { position });
    const question = { who: bob, action: 'orders:read', resource: 'x' };
    const answer = Promise.resolve(
      world.app.authorizer.authorize(callBy(text), question, undefined),
    );
    world.reader.catchUp();
    expect((await answer).outcome).toBe('ALLOW');
  });

  it('does not hold up its batch for longer than its own wait', async () => {
    const ahead = await world.token('acme', 'bob', { position: world.reader.position + 1 });
    const questions = [{ kind: 'TOKEN', text: ahead } as const, bob].map((who) => {
      return { who, action: 'orders:read', resource: 'x' };
    });
    const batch = Promise.resolve(
      world.app.authorizer.batch(callBy(acme.apiKey), questions, undefined),
    );
    world.clock.advance(251);
    expect((await batch).map(({ reason }) => reason)).toEqual(['NOT_YET_KNOWN', 'ALLOWED']);
  });
});

describe('consistency', () => {
  const askFresh = (token: string, deadlineMs = Infinity) =>
    world.app.authorizer.authorize(
      callBy(acme.apiKey, deadlineMs),
      { who: newcomer, action: 'orders:read', resource: 'x' },
      { kind: 'AT_LEAST_AS_FRESH', token },
    );

  it('at least as fresh as a write: waits for it', async () => {
    await world.write('acme', registered('new'), granted('new', 'clerk'));
    const answer = Promise.resolve(askFresh(world.seed.token()));
    world.reader.catchUp();
    expect(await answer).toMatchObject({ outcome: 'ALLOW' });
    expect((await answer).answered.position).toBe(world.seed.position);
  });

  it('gives up at the deadline', async () => {
    await world.write('acme', registered('new'));
    const refused = failureOf(() => askFresh(world.seed.token(), world.clock.wallMs() + 40));
    await Promise.resolve();
    world.clock.advance(41);
    expect((await refused).reason).toBe('DEADLINE_EXCEEDED');
  });

  it.each([
    ['another cluster', { clusterId: '01936f5e-bbbb-7000-8000-000000000001' }],
    ['another epoch', { epoch: 2 }],
    ['another history', { chain: '0123456789abcdef' }],
  ])('refuses a token of %s', async (_what, change) => {
    const [, clusterId = ''] =
      /v1\.([^.]*)\./.exec(Buffer.from(world.seed.token(), 'base64url').toString()) ?? [];
    const chain = Buffer.from(world.reader.window.chain.subarray(0, 8)).toString('hex');
    const point = { clusterId, epoch: 1, position: world.reader.position, chain, ...change };
    const refused = await failureOf(() => askFresh(encodeConsistencyToken(point)));
    expect(refused.reason).toBe('WRONG_CLUSTER');
  });

  it('fully consistent: appends a barrier and answers from behind it', async () => {
    const question = { who: bob, action: 'orders:read', resource: 'x' };
    await world.write('acme', { type: 'PrincipalSuspended', principal: 'bob', admin: false });
    const consistency = { kind: 'FULLY_CONSISTENT' } as const;
    const call = callBy(acme.apiKey);
    const answer = Promise.resolve(world.app.authorizer.authorize(call, question, consistency));
    await new Promise((resolve) => setImmediate(resolve));
    world.reader.catchUp();
    expect((await answer).reason).toBe('PRINCIPAL_SUSPENDED');
    expect(barriers).toBe(1);
  });

  it('judges the caller by the state that was waited for', async () => {
    const question = { who: bob, action: 'orders:read', resource: 'x' };
    await world.write('acme', { type: 'PrincipalSuspended', principal: 'gateway', admin: false });
    const consistency = { kind: 'AT_LEAST_AS_FRESH', token: world.seed.token() } as const;
    const refused = failureOf(() =>
      world.app.authorizer.authorize(callBy(acme.apiKey), question, consistency),
    );
    await Promise.resolve();
    world.reader.catchUp();
    expect((await refused).reason).toBe('CALLER_UNAUTHENTICATED');
  });
});
