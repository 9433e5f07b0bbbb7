import { beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '#libs/errors/failure.js';
import { encodeConsistencyToken } from '#libs/ledger/consistency-token.js';
import type { IdentityPort } from '#services/authorizer/app/identity-port.js';
import { limits } from '#services/authorizer/app/limits.js';
import type { Consistency, Who } from '#services/authorizer/app/question.js';
import { clusterId } from '../../support/authorizer/ledger-seed.js';
import {
  granted,
  permissionDefined,
  registered,
  roleCreated,
  tenantWithCaller,
} from '../../support/authorizer/seed-events.js';
import { AppWorld, callBy, failureOf } from './app-world.js';

const acme = tenantWithCaller('acme');
let world: AppWorld;
let barriers: ((position: number | Promise<number>) => void)[];

/** Identity appends a barrier when the test says so. */
const identity: IdentityPort = {
  verifyPassword: async () => undefined,
  appendBarrier: async () => {
    const position = await new Promise<number>((resolve) => void barriers.push(resolve));
    return { position, sessionPosition: -1 };
  },
};

beforeEach(async () => {
  barriers = [];
  world = await AppWorld.begin(identity);
  await world.publishKey();
  await world.happen(
    'acme',
    ...acme.events,
    permissionDefined('orders:read'),
    roleCreated('clerk', ['orders:read']),
    registered('alice'),
    granted('alice', 'clerk'),
  );
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const ask = async (who: Who, consistency: Consistency) =>
  world.app.authorizer.authorize(
    callBy(acme.apiKey),
    { who, action: 'orders:read', resource: 'x' },
    consistency,
  );
const alice: Who = { kind: 'SUBJECT', tenant: 'acme', principal: 'alice' };

describe('calls that wait for a position that may never come', () => {
  it('leave room for tokens from ahead, which come at once', async () => {
    const position = world.reader.position + 1_000_000;
    const point = { clusterId, epoch: 1, position, chain: '00'.repeat(8) };
    const never: Consistency = { kind: 'AT_LEAST_AS_FRESH', token: encodeConsistencyToken(point) };
    const stuck = Array.from({ length: limits.waiters }, () => failureOf(() => ask(alice, never)));
    expect(await failureOf(() => ask(alice, never))).toMatchObject({ reason: 'OVERLOADED' });
    const text = await world.token('acme', 'alice', { position: world.reader.position + 1 });
    const ahead = ask({ kind: 'TOKEN', text }, undefined);
    await turn();
    await world.happen('acme', registered('bob'));
    expect(await ahead).toMatchObject({ reason: 'ALLOWED' });
    world.clock.advance(limits.consistencyWaitMs);
    expect(new Set((await Promise.all(stuck)).map(({ reason }) => reason))).toEqual(
      new Set(['DEADLINE_EXCEEDED']),
    );
  });
});

describe('fully consistent questions', () => {
  const fully: Consistency = { kind: 'FULLY_CONSISTENT' };

  it('that come together share a barrier: the ledger does not grow with their number', async () => {
    const first = ask(alice, fully);
    const more = Array.from({ length: 100 }, () => ask(alice, fully));
    await turn();
    expect(barriers).toHaveLength(1);
    barriers[0]?.(world.reader.position);
    expect(await first).toMatchObject({ reason: 'ALLOWED' });
    await turn();
    expect(barriers).toHaveLength(2);
    barriers[1]?.(world.reader.position);
    const answers = await Promise.all(more);
    expect(answers.every(({ reason }) => reason === 'ALLOWED')).toBe(true);
  });

  it('never rest on a barrier that may have been appended before they came', async () => {
    const first = ask(alice, fully);
    await turn();
    let answered = false;
    const second = ask(alice, fully).then(() => (answered = true));
    barriers[0]?.(world.reader.position);
    await first;
    for (let i = 0; i < 5; i += 1) await turn();
    expect(answered).toBe(false);
    barriers[1]?.(world.reader.position);
    await second;
  });

  it('are asked anew after a barrier that failed', async () => {
    const failing = failureOf(() => ask(alice, fully));
    const waiting = ask(alice, fully);
    await turn();
    const gone = new Failure('LEDGER_UNAVAILABLE', 'identity is gone');
    barriers[0]?.(Promise.reject(gone));
    expect(await failing).toBe(gone);
    await turn();
    barriers[1]?.(world.reader.position);
    expect(await waiting).toMatchObject({ reason: 'ALLOWED' });
  });
});
