import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '#libs/decider/memory-store.js';
import { SimulatedVault } from '#libs/ledger/simulated/simulated-vault.js';
import { HashedIds } from '#services/identity/app/hashed-ids.js';
import { nameableForMs } from '#services/identity/app/sealing.js';
import { sweepAfterMs, sweepVault } from '#services/identity/app/vault-sweep.js';
import { VirtualClock } from '../../simulation/virtual-clock.js';

const hourMs = 3_600_000;
const blob = Uint8Array.of(1);
const stillSure = (): boolean => true;

interface Lives {
  /** When the command of each blob seals it, and after how long its record counts; never: aborted. */
  readonly commands: readonly {
    readonly atMs: number;
    readonly recordAfterMs: number | undefined;
  }[];
  readonly sweepsAtMs: readonly number[];
  /** How far the sweeper's clock is off. */
  readonly skewMs: number;
}

const lives: fc.Arbitrary<Lives> = fc.record({
  commands: fc.array(
    fc.record({
      atMs: fc.nat({ max: 12 * hourMs }),
      recordAfterMs: fc.option(fc.nat({ max: nameableForMs }), { nil: undefined, freq: 4 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  sweepsAtMs: fc.array(fc.nat({ max: 60 * hourMs }), { minLength: 1, maxLength: 12 }),
  skewMs: fc.integer({ min: -hourMs, max: hourMs }),
});

/** Plays the lives out in the order of time; says what was lost, and what is left that should not be. */
async function play({ commands, sweepsAtMs, skewMs }: Lives, afterMs: number) {
  const clock = new VirtualClock();
  const vault = new SimulatedVault(new Map(), clock);
  const state = new MemoryStore();
  const recorded = new Set<string>();
  const named = new Set<string>();
  const endMs = 400 * hourMs;
  const steps: { readonly atMs: number; readonly run: () => Promise<unknown> }[] = [
    ...commands.flatMap(({ atMs, recordAfterMs }, at) => [
      { atMs, run: () => vault.put(`b${at}`, blob) },
      ...(recordAfterMs === undefined
        ? []
        : [{ atMs: atMs + recordAfterMs, run: async () => record(`b${at}`) }]),
    ]),
    ...[...sweepsAtMs, endMs].map((atMs) => ({ atMs, run: () => sweep() })),
  ].sort((a, b) => a.atMs - b.atMs);
  const record = (id: string): void => {
    recorded.add(id);
    named.add(id);
    state.put(`t/profile:${id}`, { profile: { id, sha256: 'x' } });
  };
  const startMs = clock.wallMs();
  const sweep = () =>
    sweepVault({
      state,
      blobs: vault,
      nowMs: clock.wallMs() + skewMs,
      stalenessMs: 0,
      stillSure,
      afterMs,
    });
  for (const { atMs, run } of steps) {
    await clock.run(Math.max(0, startMs + atMs - clock.wallMs()));
    await run();
  }
  const lost: string[] = [];
  for (const id of named) if ((await vault.get(id)) === undefined) lost.push(id);
  const left: string[] = [];
  for await (const { id } of vault.list()) if (!recorded.has(id)) left.push(id);
  return { lost, left };
}

describe('the sweep of the vault', () => {
  it('never loses what a record names, whenever it runs, and leaves nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (one) => {
        expect(await play(one, sweepAfterMs)).toEqual({ lost: [], left: [] });
      }),
      { numRuns: 300 },
    );
  });

  it('would lose some without the wait', async () => {
    let lost = 0;
    await fc.assert(
      fc.asyncProperty(lives, async (one) => {
        lost += (await play(one, 0)).lost.length;
      }),
      { numRuns: 300, seed: 20_261_124 },
    );
    expect(lost).toBeGreaterThan(10);
  });

  it('asks a state that has lost touch with the ledger about nothing', async () => {
    const clock = new VirtualClock();
    const vault = new SimulatedVault(new Map(), clock);
    await vault.put('b', blob);
    const nowMs = clock.wallMs() + 48 * hourMs;
    const options = { state: new MemoryStore(), blobs: vault, nowMs, stillSure };
    expect(await sweepVault({ ...options, stalenessMs: nameableForMs + 1 })).toBe(0);
    expect(await sweepVault({ ...options, stalenessMs: 0 })).toBe(1);
  });

  it('finishes recorded erasures at once, and erases tenants whose time has come', async () => {
    const clock = new VirtualClock();
    const vault = new SimulatedVault(new Map(), clock);
    const nowMs = clock.wallMs();
    const state = new MemoryStore();
    const ref = (id: string) => ({ id, sha256: 'x' });
    const tenant = { status: 'DELETED', eraseAfterMs: nowMs + hourMs, blindIndexKey: ref('k') };
    state.put('t1/erasure:p1', { vaultIds: ['e'], atMs: 0, position: 7 });
    state.put('t2/loginname:x', { principal: 'p', value: ref('n') });
    state.put('t2/tenant:t2', tenant);
    state.put('t3/tenant:t3', { ...tenant, status: 'ACTIVE', blindIndexKey: ref('live') });
    for (const id of ['e', 'k', 'n', 'live']) await vault.put(id, blob);
    const sweep = (atMs: number) =>
      sweepVault({ state, blobs: vault, nowMs: atMs, stalenessMs: 0, stillSure });
    expect(await sweep(nowMs)).toBe(1);
    expect(await vault.get('e')).toBeUndefined();
    expect(await sweep(nowMs + hourMs / 2)).toBe(0);
    expect(await sweep(nowMs + 30 * hourMs)).toBe(2);
    expect(await vault.get('live')).toEqual(blob);
  });
});

it('hashed ids know everything that they were given, and next to nothing else', () => {
  const ids = new HashedIds();
  for (let at = 0; at < 100_000; at++) ids.add(`id-${at}`);
  for (let at = 0; at < 100_000; at++) expect(ids.has(`id-${at}`)).toBe(true);
  let mistaken = 0;
  for (let at = 0; at < 100_000; at++) if (ids.has(`other-${at}`)) mistaken += 1;
  expect(mistaken).toBeLessThan(3);
  expect(ids.size).toBeGreaterThan(99_990);
});
