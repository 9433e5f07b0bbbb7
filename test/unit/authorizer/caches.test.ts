import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { systemRandom } from '#libs/runtime/ids.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { Failure } from '#libs/errors/failure.js';
import { generateApiKey } from '#libs/tokens/api-key.js';
import type { AuthorizerApp } from '#services/authorizer/app/assemble.js';
import type { Who } from '#services/authorizer/app/question.js';
import {
  apiKeyCreated,
  apiKeyRevoked,
  granted,
  permissionDefined,
  registered,
  revoked,
  roleCreated,
  tenantWithCaller,
} from '../../support/authorizer/seed-events.js';
import { AppWorld, callBy } from './app-world.js';

// OpenFGA CVE-2024-56323, CVE-2026-33729, SpiceDB CVE-2026-55866 (a cache key that ignores context, or
// collides); Oathkeeper #743, #1082 (a cached token ignores scopes, cannot be revoked); Keycloak
// CVE-2025-2559 (an unbounded cache of callers' tokens).

const acme = tenantWithCaller('acme');
const beta = tenantWithCaller('beta', 'beta-gateway');
const [keyA, keyB] = [generateApiKey(systemRandom), generateApiKey(systemRandom)];
const people = ['alice', 'bob'] as const;

async function begin(): Promise<AppWorld> {
  const world = await AppWorld.begin();
  await world.publishKey();
  await world.happen('acme', ...acme.events);
  await world.happen('beta', ...beta.events);
  await world.happen(
    'acme',
    permissionDefined('orders:read'),
    permissionDefined('orders:write'),
    roleCreated('reader', ['orders:read']),
    roleCreated('writer', ['orders:*']),
    ...people.map((person) => registered(person)),
    apiKeyCreated('alice', keyA, { scopes: ['orders:read'], credential: 'key-a' }),
    apiKeyCreated('bob', keyB, { credential: 'key-b', expiresAtMs: world.clock.wallMs() + 50_000 }),
  );
  return world;
}

/** Things that happen between two questions. */
const cause = 'ADMIN' as const;
const happenings: Record<string, (world: AppWorld) => readonly DomainEvent[]> = {
  grantAliceRead: () => [granted('alice', 'reader', 'a')],
  grantBobWriteForAWhile: (world) => [granted('bob', 'writer', '', world.clock.wallMs() + 20_000)],
  revokeAlice: () => [revoked('alice', 'reader', 'a')],
  revokeBob: () => [revoked('bob', 'writer')],
  suspendAlice: () => [{ type: 'PrincipalSuspended', principal: 'alice', admin: false }],
  resumeAlice: () => [{ type: 'PrincipalResumed', principal: 'alice', admin: false }],
  suspendGateway: () => [{ type: 'PrincipalSuspended', principal: 'gateway', admin: false }],
  resumeGateway: () => [{ type: 'PrincipalResumed', principal: 'gateway', admin: false }],
  invalidateBob: () => [{ type: 'SessionsInvalidated', principal: 'bob', cause }],
  revokeKeyA: () => [apiKeyRevoked('alice', 'key-a')],
  blockKeyB: () => [{ type: 'CredentialBlocked', principal: 'bob', credential: 'key-b', cause }],
  unblockKeyB: () => [{ type: 'CredentialUnblocked', principal: 'bob', credential: 'key-b' }],
  watermark: () => [{ type: 'WatermarkRaised', scope: 'TENANT', id: 'acme', cause }],
  narrowWriter: () => [
    {
      type: 'RolePermissionsChanged',
      role: 'writer',
      added: ['orders:write'],
      removed: ['orders:*'],
    },
  ],
};
const times = [1_000, 30_000, 700_000];

type Step =
  | { readonly kind: 'happen'; readonly name: string }
  | { readonly kind: 'advance'; readonly ms: number }
  | {
      readonly kind: 'issue';
      readonly person: number;
      readonly scopes: readonly string[] | undefined;
    }
  | {
      readonly kind: 'ask';
      readonly caller: number;
      readonly who: number;
      readonly action: string;
    };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('happen' as const),
      name: fc.constantFrom(...Object.keys(happenings)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(...times) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('issue' as const),
      person: fc.nat(1),
      scopes: fc.constantFrom(undefined, [], ['orders:read'], ['orders:*']),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      caller: fc.nat(9),
      who: fc.nat(9),
      action: fc.constantFrom('orders:read', 'orders:write', 'orders:none'),
    }),
  },
);

/** What an application answers, as something that can be compared; ids of decisions differ. */
async function answer(
  app: AuthorizerApp,
  caller: string,
  who: Who,
  action: string,
): Promise<object> {
  const question = { who, action, resource: 'a/b' };
  const call = callBy(caller);
  try {
    const alone = await app.authorizer.authorize(call, question, undefined);
    const [batched] = await app.authorizer.batch(call, [question, question], undefined);
    return { alone: { ...alone, decisionId: '' }, batched: { ...batched, decisionId: '' } };
  } catch (thrown) {
    if (thrown instanceof Failure) return { refused: thrown.reason, text: thrown.message };
    throw thrown;
  }
}

describe('caches', () => {
  it('never change an answer, whatever happens in between', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const world = await begin();
        const tokens: string[] = [];
        const compared: [cached: object, fresh: object][] = [];
        for (const one of steps) {
          if (one.kind === 'advance') world.clock.advance(one.ms);
          else if (one.kind === 'happen') {
            await world.happen('acme', ...happenings[one.name]!(world));
          } else if (one.kind === 'issue') {
            const scopes = one.scopes === undefined ? {} : { scopes: one.scopes };
            tokens.push(await world.token('acme', people[one.person]!, scopes));
          } else {
            const { caller, who } = pick(one, tokens);
            const cached = await answer(world.app, caller, who, one.action);
            const fresh = await answer(world.assemble(), caller, who, one.action);
            compared.push([cached, fresh]);
            seen.add(JSON.stringify(cached).replaceAll(/\d+/g, ''));
          }
        }
        for (const [cached, fresh] of compared) expect(cached).toEqual(fresh);
      }),
      { numRuns: 60 },
    );
    expect(seen.size, 'answers of many kinds were compared').toBeGreaterThan(12);
  });
});

function pick(one: { caller: number; who: number }, tokens: readonly string[]) {
  const callers = [acme.apiKey, acme.apiKey, beta.apiKey, keyB.text, ...tokens];
  const whos: Who[] = [
    { kind: 'SUBJECT', tenant: 'acme', principal: 'alice' },
    { kind: 'SUBJECT', tenant: 'acme', principal: 'bob' },
    { kind: 'API_KEY', text: keyA.text },
    { kind: 'API_KEY', text: keyB.text },
    ...tokens.map((text): Who => ({ kind: 'TOKEN', text })),
  ];
  return { caller: callers[one.caller % callers.length]!, who: whos[one.who % whos.length]! };
}

describe('a credential that was used before', () => {
  let world: AppWorld;
  beforeEach(async () => {
    world = await begin();
    await world.happen('acme', granted('bob', 'writer'), granted('alice', 'writer'));
  });

  const reasonOf = async (who: Who, action = 'orders:write'): Promise<string> => {
    const question = { who, action, resource: 'x' };
    return (await world.app.authorizer.authorize(callBy(acme.apiKey), question, undefined)).reason;
  };

  it('is refused at once when it is revoked: API key', async () => {
    const who: Who = { kind: 'API_KEY', text: keyB.text };
    expect(await reasonOf(who)).toBe('ALLOWED');
    await world.happen('acme', apiKeyRevoked('bob', 'key-b'));
    expect(await reasonOf(who)).toBe('CREDENTIAL_REVOKED');
  });

  it('is refused at once when everything before is invalidated: token', async () => {
    const who: Who = { kind: 'TOKEN', text: await world.token('acme', 'bob') };
    expect(await reasonOf(who)).toBe('ALLOWED');
    await world.happen('acme', { type: 'SessionsInvalidated', principal: 'bob', cause });
    expect(await reasonOf(who)).toBe('WATERMARK');
  });

  it('is refused at once when its signing key is compromised', async () => {
    const who: Who = { kind: 'TOKEN', text: await world.token('acme', 'bob') };
    expect(await reasonOf(who)).toBe('ALLOWED');
    const { kid } = world.signing;
    await world.happen('system', {
      type: 'SigningKeyCompromised',
      kid,
      issuer: 'https://ledgate.test',
    });
    expect(await reasonOf(who)).toBe('SIGNING_KEY_COMPROMISED');
  });

  it('keeps its scopes: two tokens of one principal are two credentials', async () => {
    const narrow: Who = {
      kind: 'TOKEN',
      text: await world.token('acme', 'bob', { scopes: ['orders:read'] }),
    };
    const wide: Who = { kind: 'TOKEN', text: await world.token('acme', 'bob') };
    expect(await reasonOf(wide)).toBe('ALLOWED');
    expect(await reasonOf(narrow)).toBe('SCOPE_INSUFFICIENT');
    expect(await reasonOf(wide)).toBe('ALLOWED');
  });

  it('allows nothing when its scope is there and empty', async () => {
    const who: Who = { kind: 'TOKEN', text: await world.token('acme', 'bob', { scopes: [] }) };
    expect(await reasonOf(who)).toBe('SCOPE_INSUFFICIENT');
    expect(await reasonOf(who, 'orders:read')).toBe('SCOPE_INSUFFICIENT');
  });

  it('stops calling at once: a caller that lost its permission', async () => {
    const who: Who = { kind: 'SUBJECT', tenant: 'acme', principal: 'bob' };
    expect(await reasonOf(who)).toBe('ALLOWED');
    await world.happen('acme', revoked('gateway', 'acme-asker'));
    await expect(reasonOf(who)).rejects.toMatchObject({ reason: 'PERMISSION_DENIED' });
  });

  it('is remembered in bounded number and for a bounded time', async () => {
    const { callers, tokens } = world.app;
    for (let i = 0; i < 40; i++) {
      const token = await world.token('acme', 'bob', { ttlS: 600 + i });
      await reasonOf({ kind: 'TOKEN', text: token });
    }
    expect(tokens.size).toBe(40);
    expect(callers.size).toBe(1);
    world.clock.advance(3_600_000);
    world.app.sweep();
    expect(tokens.size).toBe(0);
    expect(callers.size).toBe(0);
  });
});
