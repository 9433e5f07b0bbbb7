import { describe, expect, it } from 'vitest';
import { AccessView } from '#libs/access/projection/access-view.js';
import { MemoryStore } from '#libs/decider/memory-store.js';
import { foldEvent } from '#libs/decider/fold-event.js';
import { Failure } from '#libs/errors/failure.js';
import type { DomainEvent, VaultRef } from '#libs/events/catalogue.js';
import { keyHash } from '#libs/events/keys.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { verifyPassword } from '#services/identity/app/verify-password.js';
import { evolve } from '#services/identity/domain/evolve.js';

const tenant = '01890a5d-ac96-774b-bcce-b302099a8001';
const principal = '01890a5d-ac96-774b-bcce-b302099a8002';
const credential = '01890a5d-ac96-774b-bcce-b302099a8003';
const ref = (id: string): VaultRef => ({ id, sha256: id });

const history: readonly (readonly [string, DomainEvent])[] = [
  [
    'system',
    {
      type: 'TenantCreated',
      slug: 'system',
      displayName: 'S',
      settings: undefined,
      blindIndexKey: ref('system-key'),
    },
  ],
  [
    tenant,
    {
      type: 'TenantCreated',
      slug: 'acme',
      displayName: 'A',
      settings: undefined,
      blindIndexKey: ref('acme-key'),
    },
  ],
  [
    tenant,
    {
      type: 'PrincipalRegistered',
      principal,
      kind: 'USER',
      profile: undefined,
      loginNames: [
        { kind: 'USERNAME', blindIndex: `${tenant}/ann`, value: ref('name'), verified: true },
      ],
      origin: 'ADMIN',
    },
  ],
  [
    tenant,
    {
      type: 'PasswordSet',
      principal,
      credential,
      version: 1,
      hash: ref('hash'),
      params: 'p',
      cause: 'ADMIN',
      mustChange: false,
    },
  ],
];

/** Parts whose every costly step is noted. */
function makeParts({ known = false, ageMs = 0, full = false, throttled = false } = {}) {
  const steps: string[] = [];
  const ranks: string[] = [];
  const state = new MemoryStore();
  const view = new AccessView(keyHash);
  history.forEach(([owner, event], position) => {
    const actor = { tenant: 'system', principal: '' };
    const context = { tenant: owner, actor, position, atMs: 0, reason: '' };
    foldEvent(state, evolve, event, context);
    view.apply(event, context);
  });
  const parts = {
    ledger: {
      state,
      fold: { view },
      reader: { position: history.length - 1, stalenessMs: () => ageMs },
      requireServing: () => {},
    },
    attempts: { throttled: () => throttled, failed: () => void steps.push('failed') },
    maxStalenessMs: 1000,
    clock: { wallMs: () => 1_800_000_000_000 },
    limits: {
      take: () => {
        steps.push('limit');
        return {
          known,
          right: () => void steps.push('give back'),
          uncompared: () => void steps.push('uncompared'),
        };
      },
    },
    loginNames: {
      indexOf: async (of: string, name: { canonical: string }) => {
        steps.push('index');
        return `${of}/${name.canonical}`;
      },
    },
    secrets: {
      open: async () => {
        steps.push('open');
        return Buffer.from('stored');
      },
    },
    hasher: {
      verify: async (
        stored: string | undefined,
        password: string,
        _: AbortSignal,
        rank: 'first' | 'last',
      ) => {
        ranks.push(rank);
        if (full) throw new Failure('OVERLOADED', 'full');
        steps.push('hash');
        return stored !== undefined && password === 'right';
      },
      needsRehash: () => false,
    },
  } as unknown as IdentityParts;
  return { parts, steps, ranks, view };
}

const signal = new AbortController().signal;
const attempt = async (tenantText: string, loginName: string, password: string) => {
  const { parts, steps } = makeParts();
  const claim = { tenant: tenantText, account: { loginName }, password, source: '::1', signal };
  return { verified: await verifyPassword(parts, claim), steps };
};

describe('verifying a password', () => {
  it('costs the same whoever is asked about (ASVS 6.3.8)', async () => {
    const wrong = await attempt('acme', 'ann', 'wrong');
    expect(wrong.verified).toBeUndefined();
    // To be recorded later: it is not waited for.
    expect(wrong.steps).toEqual(['index', 'limit', 'open', 'hash', 'failed']);
    const work = wrong.steps.slice(0, -1);
    for (const [of, name] of [
      ['acme', 'nobody'],
      ['nowhere', 'ann'],
      ['acme', 'no name\u0000'],
      ['acme', ''],
      ['system', 'ann'],
    ] as const) {
      const unknown = await attempt(of, name, 'right');
      expect(unknown.verified).toBeUndefined();
      expect([of, name, unknown.steps]).toEqual([of, name, work]);
    }
  });

  it('tells which version was verified on which position, and counts no right attempt', async () => {
    const { verified, steps } = await attempt('acme', 'ANN', 'right');
    expect(verified).toMatchObject({ tenant, principal, credential, version: 1, position: 3 });
    expect(steps).toEqual(['index', 'limit', 'open', 'hash', 'give back']);
  });
});

describe('a claim of a password', () => {
  const claim = {
    tenant: 'acme',
    account: { loginName: 'ann' },
    password: 'right',
    source: '::1',
    signal,
  };

  it('goes last unless it comes from where the account has logged in', async () => {
    for (const [known, rank] of [
      [false, 'last'],
      [true, 'first'],
    ] as const) {
      const { parts, ranks } = makeParts({ known });
      await verifyPassword(parts, claim);
      expect(ranks).toEqual([rank]);
    }
  });

  it('is no guess when there was no room to compare it', async () => {
    const { parts, steps } = makeParts({ full: true });
    await expect(verifyPassword(parts, claim)).rejects.toMatchObject({ reason: 'OVERLOADED' });
    expect(steps).toEqual(['index', 'limit', 'open', 'uncompared']);
  });

  it('is not compared for strangers while there are too many failures, and nobody can tell', async () => {
    const { parts, steps } = makeParts({ throttled: true });
    expect(await verifyPassword(parts, claim)).toBeUndefined();
    const wrong = await attempt('acme', 'nobody', 'wrong');
    expect(steps).toEqual(wrong.steps);
    const owner = makeParts({ throttled: true, known: true });
    expect(await verifyPassword(owner.parts, claim)).toMatchObject({ principal });
  });

  it('is not judged on a state that is older than its tenant allows', async () => {
    const { parts, view } = makeParts({ ageMs: 800 });
    await expect(verifyPassword(parts, claim)).resolves.toBeDefined();
    const settings = { hardStalenessMs: 500 };
    const actor = { tenant: 'system', principal: '' };
    const context = { tenant, actor, position: history.length, atMs: 0, reason: '' };
    view.apply({ type: 'TenantSettingsChanged', settings }, context);
    await expect(verifyPassword(parts, claim)).rejects.toMatchObject({ reason: 'STALE' });
  });
});
