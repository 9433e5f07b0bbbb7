import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Evolve } from '#libs/decider/fold-event.js';
import { encodeCommandPayload } from '#libs/events/codec.js';
import { hashOf, keysOf } from '#libs/events/keys.js';
import type { Judge } from '#libs/ledger/judge.js';
import { SimulatedLog } from '#libs/ledger/simulated/simulated-log.js';
import { SimulatedStore } from '#libs/ledger/simulated/simulated-store.js';
import { LmdbState } from '#services/identity/adapters/lmdb-state.js';
import { IdentityFold } from '#services/identity/app/identity-fold.js';
import { evolve } from '#services/identity/domain/evolve.js';
import { VirtualClock } from '../../simulation/virtual-clock.js';
import { after, entry, ledger, macKeys, newJudge } from '../ledger/records.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledgate-fold-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function groupCreated(judge: Judge, group: string): Buffer {
  const event = { type: 'GroupCreated', group, name: group } as const;
  const payload = encodeCommandPayload({
    tenant: 't1',
    actor: { tenant: 't1', principal: 'p1' },
    command: 'CreateGroup',
    commandId: '',
    requestDigest: '',
    reason: '',
    traceparent: '',
    events: [{ known: true, event }],
  });
  return after(judge, { writes: keysOf(event, 't1').map(hashOf) }, payload);
}

/** Folds two groups by a build whose fold is `evolveThen`, then starts the present build on it. */
async function upgradeFrom(evolveThen: Evolve) {
  const clock = new VirtualClock();
  const store = new SimulatedStore(() => clock.wallMs());
  const judge = newJudge();
  const before = new LmdbState(join(folder, 'state'));
  const then = new IdentityFold(before, evolveThen);
  for (const [position, group] of ['g1', 'g2'].entries()) {
    const value = groupCreated(judge, group);
    store.append([value]);
    then.apply([judge.judge(entry(position, value))], judge.window);
  }
  const quarantinedThen = before.quarantinedKeys().length;
  await before.close();
  const state = new LmdbState(join(folder, 'state'));
  const fold = new IdentityFold(state, evolve);
  const caughtUp = fold.catchUp(new SimulatedLog(ledger, store, clock), macKeys, 2);
  await clock.run(1_000);
  await caughtUp;
  return { state, fold, quarantinedThen };
}

it('goes on from a state that took everything', async () => {
  const { state, fold, quarantinedThen } = await upgradeFrom(evolve);
  expect(quarantinedThen).toBe(0);
  expect(fold.resume()?.window.position).toBe(1);
  expect(state.point.position).toBe(1);
  await state.close();
});

it('builds a state again that an older build could not wholly understand', async () => {
  const { state, fold, quarantinedThen } = await upgradeFrom((event, documents, context) => {
    if (event.type === 'GroupCreated' && event.group === 'g1') throw new TypeError('unheard of');
    evolve(event, documents, context);
  });
  expect(quarantinedThen).toBeGreaterThan(0);
  expect(state.quarantinedKeys()).toEqual([]);
  expect(fold.resume()).toBeUndefined();
  expect(state.point.position).toBe(-1);
  await state.close();
});
