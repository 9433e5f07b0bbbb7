import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SubscribeRequest } from '#proto/ledgate/events/v1/event_service.js';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { GrantServiceService as Grants } from '#proto/ledgate/identity/v1/grant.js';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import { SessionServiceService as Sessions } from '#proto/ledgate/identity/v1/session.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { EventStream } from '../../support/identity/event-stream.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type World,
} from '../../support/identity/running-identity.js';
import {
  setUpApiKey,
  setUpGrant,
  setUpTenant,
  setUpUser,
  type TenantSetup,
} from '../../support/identity/tenant-setup.js';

const password = 'quiet copper lanterns';
const soon = { timeout: 10_000 };
const folder = temporaryFolder();
const open: EventStream[] = [];
let world: World;
let acme: TenantSetup;
let other: TenantSetup;

beforeAll(async () => {
  const streams = { total: 6, perCaller: 4 };
  world = await startWorld(testConfig(folder.path, { streams }));
  acme = await setUpTenant(world, 'acme');
  other = await setUpTenant(world, 'other');
});
afterEach(async () => {
  for (const stream of open.splice(0)) stream.close();
});
afterAll(async () => {
  await world.close();
  folder.remove();
});

function subscribe(bearer: string | undefined, request: Partial<SubscribeRequest> = {}) {
  const stream = new EventStream(world.identity.address, bearer, request);
  open.push(stream);
  return stream;
}
const beginning: Partial<SubscribeRequest> = { start: { $case: 'beginning', value: true } };

async function ended(stream: EventStream): Promise<number | undefined> {
  await expect.poll(() => stream.code, soon).toBeDefined();
  return stream.code;
}

describe('a stream of events', () => {
  it('of ledger S tells of ends of sessions and tokens, with positions of S', async () => {
    const bob = await setUpUser(world, acme.admin, 'bob-of-s', password);
    const login = { tenant: 'acme', loginName: 'bob-of-s', password };
    const { step } = await world.call(Logins.startLogin, login);
    const { sessionId = '', sessionToken = '' } = step?.done ?? {};
    const { accessToken } = await world.call(Tokens.issueToken, {}, sessionToken);
    const stream = subscribe(acme.admin, { ledger: 'S', ...beginning });
    await world.call(Tokens.revokeToken, { token: accessToken });
    await world.call(Sessions.endSession, { principalId: bob, sessionId }, acme.admin);
    await expect.poll(() => stream.types, soon).toEqual(['TokenRevoked', 'SessionEnded']);
    const ids = stream.events.map(({ id }) => id);
    expect(ids[0]).toMatch(/^auth\.session\.v1:\d+:0$/u);
    expect(new Set(ids).size).toBe(2);
    const [revoked, ended] = stream.events;
    expect(revoked).toMatchObject({
      ledger: 'auth.session.v1',
      event: { $case: 'tokenRevoked', value: { principal: bob } },
    });
    expect(ended?.position).toBeGreaterThan(revoked?.position ?? 0n);
  });

  it('tells of what happens in the own tenant, in order, and of nothing else', async () => {
    const stream = subscribe(acme.admin);
    await expect.poll(() => stream.atEnd, soon).toBe(true);
    await setUpUser(world, other.admin, 'stranger');
    const ann = await setUpUser(world, acme.admin, 'ann');
    const { grantId } = await setUpGrant(world, acme.admin, ann, {
      name: 'reader',
      permissions: ['orders:*'],
    });
    await world.call(Grants.revokeGrant, { grantId }, acme.admin);
    const types = ['PrincipalRegistered', 'RoleCreated', 'RoleGranted', 'GrantRevoked'];
    await expect.poll(() => stream.types, soon).toEqual(types);
    const [registered, , granted] = stream.events;
    expect(registered).toMatchObject({
      ledger: 'auth.ledger.v1',
      tenant: acme.tenantId,
      epoch: 1,
      index: 0,
      actorPrincipal: acme.adminId,
      event: { $case: 'principalRegistered', value: { principal: ann, kind: 'USER' } },
    });
    expect(registered?.id).toBe(`auth.ledger.v1:${registered?.position}:0`);
    expect(granted?.event?.value).toMatchObject({ grant: grantId, subject: ann, admin: false });
    expect(JSON.stringify(stream.events, (_, v: unknown) => String(v))).not.toContain('stranger');
    const positions = stream.events.map(({ position }) => position);
    expect(positions).toEqual([...positions].sort((a, b) => Number(a - b)));
  });

  it('begins anywhere: at the beginning, behind a position or event, at a time', async () => {
    const whole = subscribe(acme.admin, beginning);
    await expect.poll(() => whole.atEnd, soon).toBe(true);
    const { events } = whole;
    expect(events.length).toBeGreaterThan(5);
    const at = events.findIndex(({ index }) => index === 1);
    const { position, index } = events[at]!;
    const behindEvent = subscribe(acme.admin, {
      start: { $case: 'afterEvent', value: { position, index } },
    });
    const behind = subscribe(acme.admin, { start: { $case: 'afterPosition', value: position } });
    const timed = subscribe(acme.admin, {
      start: { $case: 'timeMs', value: events.at(-1)!.atMs },
    });
    await expect
      .poll(() => [behindEvent, behind, timed].every((one) => one.atEnd), soon)
      .toBe(true);
    expect(behindEvent.events).toEqual(events.slice(at + 1));
    expect(behind.events).toEqual(events.filter((one) => one.position > position));
    expect(timed.events.at(-1)).toEqual(events.at(-1));
    expect(timed.events.length).toBeLessThan(events.length);
  });

  it('filters by type, and says how far it is where there is nothing to tell', async () => {
    const stream = subscribe(acme.admin, { types: ['GrantRevoked'] });
    await expect.poll(() => stream.atEnd, soon).toBe(true);
    const ben = await setUpUser(world, acme.admin, 'ben');
    const barrier = await world.call(Ledger.appendBarrier, {}, acme.admin);
    await expect.poll(() => stream.through, soon).toBeGreaterThanOrEqual(Number(barrier.position));
    expect([ben.length > 0, stream.types]).toEqual([true, []]);
  });

  it('shows the system tenant one tenant, or all', async () => {
    const one = subscribe(world.root, { ...beginning, tenantId: other.tenantId });
    const all = subscribe(world.root, { ...beginning, allTenants: true });
    await expect.poll(() => one.atEnd && all.atEnd, soon).toBe(true);
    const tenantsOf = (stream: EventStream) => [...new Set(stream.events.map((e) => e.tenant))];
    expect(tenantsOf(one)).toEqual([other.tenantId]);
    expect(tenantsOf(all)).toEqual(['system', acme.tenantId, other.tenantId]);
  });
});

describe('a stream is refused', () => {
  const refusals: readonly (readonly [
    string,
    () => string | undefined,
    Partial<SubscribeRequest> | (() => Partial<SubscribeRequest>),
    number,
  ])[] = [
    ['without a credential', () => undefined, {}, status.UNAUTHENTICATED],
    ['for another tenant', () => acme.admin, () => ({ tenantId: other.tenantId }), 7],
    ['for the system tenant', () => acme.admin, { tenantId: 'system' }, 7],
    ['for all tenants', () => acme.admin, { allTenants: true }, 7],
    ['of a type that is not public', () => acme.admin, { types: ['ProfileChanged'] }, 3],
    ['of another ledger', () => acme.admin, { ledger: 'auth.vault.v1' }, 3],
    [
      'behind the end of the ledger',
      () => acme.admin,
      { start: { $case: 'afterPosition', value: 1_000_000n } } as const,
      status.FAILED_PRECONDITION,
    ],
    [
      'at no position at all',
      () => acme.admin,
      { start: { $case: 'afterPosition', value: 2n ** 64n - 1n } } as const,
      3,
    ],
  ];
  it.each(refusals)('%s', async (_, bearer, request, code) => {
    const asked = typeof request === 'function' ? request() : request;
    const stream = subscribe(bearer(), asked);
    expect([await ended(stream), stream.events]).toEqual([code, []]);
  });

  it('to whoever may not subscribe', async () => {
    const carl = await setUpUser(world, acme.admin, 'carl');
    const { apiKey } = await setUpApiKey(world, acme.admin, carl);
    expect(await ended(subscribe(apiKey))).toBe(status.PERMISSION_DENIED);
  });

  it('beyond the limits of a caller, and of the instance', async () => {
    const mine = Array.from({ length: 4 }, () => subscribe(acme.admin));
    await expect.poll(() => mine.every((one) => one.atEnd), soon).toBe(true);
    const fifth = subscribe(acme.admin);
    expect(await ended(fifth)).toBe(status.RESOURCE_EXHAUSTED);
    const theirs = Array.from({ length: 2 }, () => subscribe(other.admin));
    await expect.poll(() => theirs.every((one) => one.atEnd), soon).toBe(true);
    expect(await ended(subscribe(other.admin))).toBe(status.RESOURCE_EXHAUSTED);
    mine[0]?.close();
    await expect
      .poll(async () => {
        const again = subscribe(other.admin);
        await expect.poll(() => again.atEnd || again.code !== undefined, soon).toBe(true);
        return again.code;
      }, soon)
      .toBeUndefined();
  });
});

describe('an open stream', () => {
  it('ends within a second once its credential is revoked, and tells of nothing that follows', async () => {
    const dan = await setUpUser(world, acme.admin, 'dan');
    await setUpGrant(world, acme.admin, dan, {
      name: 'follower',
      permissions: ['ledgate.events:subscribe'],
    });
    const { apiKey, credentialId } = await setUpApiKey(world, acme.admin, dan);
    const stream = subscribe(apiKey);
    await expect.poll(() => stream.atEnd, soon).toBe(true);
    await world.call(Credentials.revokeApiKey, { credentialId }, acme.admin);
    const revokedAtMs = performance.now();
    await setUpUser(world, acme.admin, 'eve');
    expect(await ended(stream)).toBe(status.UNAUTHENTICATED);
    expect(performance.now() - revokedAtMs).toBeLessThan(1_000);
    expect(stream.types).toEqual([]);
  });

  it('ends once the permission is taken away', async () => {
    const fay = await setUpUser(world, acme.admin, 'fay');
    const { grantId } = await setUpGrant(world, acme.admin, fay, {
      name: 'listener',
      permissions: ['ledgate.events:*'],
    });
    const { apiKey } = await setUpApiKey(world, acme.admin, fay);
    const stream = subscribe(apiKey);
    await expect.poll(() => stream.atEnd, soon).toBe(true);
    await world.call(Grants.revokeGrant, { grantId }, acme.admin);
    expect(await ended(stream)).toBe(status.PERMISSION_DENIED);
    expect(stream.types).toEqual([]);
  });

  it('is told to connect again when its instance shuts down', async () => {
    const place = temporaryFolder();
    const short = await startWorld(testConfig(place.path));
    const stream = new EventStream(short.identity.address, short.root, {});
    await expect.poll(() => stream.atEnd, soon).toBe(true);
    expect(await short.identity.close()).toBe(true);
    expect([stream.code, stream.details]).toEqual([
      status.UNAVAILABLE,
      expect.stringContaining('connect again'),
    ]);
    stream.close();
    await short.close();
    place.remove();
  });
});
