import { beforeEach, describe, expect, it } from 'vitest';
import type { IdentityPort } from '#services/authorizer/app/identity-port.js';
import type { Who } from '#services/authorizer/app/question.js';
import {
  apiKeyRevoked,
  granted,
  passwordSet,
  permissionDefined,
  registered,
  revoked,
  roleCreated,
  tenantWithCaller,
} from '../../support/authorizer/seed-events.js';
import { AppWorld, callBy, failureOf } from './app-world.js';

const acme = tenantWithCaller('acme');
let world: AppWorld;
let verified: () => void;

/** Identity takes its time: it answers when the test says so. */
const identity: IdentityPort = {
  verifyPassword: ({ tenant }) =>
    new Promise((resolve) => {
      const credential = 'password-of-alice';
      verified = () => resolve({ tenant, principal: 'alice', credential, version: 1 });
    }),
  appendBarrier: async () => ({ position: world.reader.position, sessionPosition: -1 }),
};

beforeEach(async () => {
  world = await AppWorld.begin(identity);
  await world.publishKey();
  await world.happen(
    'acme',
    ...acme.events,
    permissionDefined('orders:read'),
    roleCreated('clerk', ['orders:read']),
    registered('alice'),
    granted('alice', 'clerk'),
    passwordSet('alice', 1),
  );
});

const action = { action: 'orders:read', resource: 'x' };
const subject: Who = { kind: 'SUBJECT', tenant: 'acme', principal: 'alice' };
const basic: Who = { kind: 'BASIC', tenant: 'acme', username: 'alice', password: 'right' };
const call = callBy(acme.apiKey);

describe('a caller whose question waits for something', () => {
  it('gets no answer about anybody once its right to ask is gone', async () => {
    const { authorizer } = world.app;
    await authorizer.authorize(call, { who: subject, ...action }, undefined);
    const one = failureOf(() => authorizer.authorize(call, { who: basic, ...action }, undefined));
    await world.happen('acme', revoked('gateway', 'acme-asker'));
    verified();
    expect(await one).toMatchObject({ reason: 'PERMISSION_DENIED' });
  });

  it('gets none for a batch, whatever in it had to wait', async () => {
    const { authorizer } = world.app;
    const questions = [basic, subject].map((who) => ({ who, ...action }));
    const both = failureOf(() => authorizer.batch(call, questions, undefined));
    await world.happen('acme', apiKeyRevoked('gateway'));
    verified();
    expect(await both).toMatchObject({ reason: 'CALLER_UNAUTHENTICATED' });
  });

  it('is told nothing of a credential', async () => {
    const { authorizer } = world.app;
    const text = await world.token('acme', 'alice', { position: world.reader.position + 1 });
    const told = failureOf(() => authorizer.authenticate(call, { kind: 'TOKEN', text }, undefined));
    await world.happen('acme', apiKeyRevoked('gateway'));
    expect(await told).toMatchObject({ reason: 'CALLER_UNAUTHENTICATED' });
  });

  it('is answered when it may still ask', async () => {
    const { authorizer } = world.app;
    const questions = [basic, subject].map((who) => ({ who, ...action }));
    const both = authorizer.batch(call, questions, undefined);
    await world.happen('acme', registered('bob'));
    verified();
    expect((await both).map(({ reason }) => reason)).toEqual(['ALLOWED', 'ALLOWED']);
  });
});
