import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EarlyDenies, type EarlyDeny } from '#libs/access/sessions/early-denies.js';
import { Failure } from '#libs/errors/failure.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import { createLogger } from '#libs/runtime/log.js';
import { RevocationJournalFile } from '#services/identity/adapters/revocation-journal-file.js';
import type { HeldAccess } from '#services/identity/app/held-access.js';
import { HeldRevocations } from '#services/identity/app/held-revocations.js';
import { HeldSessionEnds } from '#services/identity/app/held-session-ends.js';
import type { CommandCall, Executed } from '#services/identity/app/identity-parts.js';
import { mostEnded } from '#services/identity/domain/session/lifetimes.js';
import { VirtualClock } from '../../simulation/virtual-clock.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledgate-held-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const done: Executed = { position: 5, events: [], replayed: false, consistencyToken: 'token' };
const command = {
  type: 'RevokeToken',
  jti: 'j1',
  principal: 'p1',
  expiresAtMs: 9e15,
  cause: 'ADMIN',
} as const;
const deny: EarlyDeny = { tenant: 't1', kind: 'TOKEN', id: 'j1', untilMs: 9e15 };

/** Revocations of ledger L have a test of their own. */
const noAccess = {} as HeldAccess;

function callOf(permit: CommandCall['permit'] = () => ({ permittedBy: [] })): CommandCall {
  const actor = { tenant: 't1', principal: 'p0' };
  const text = { commandId: 'c1', requestDigest: 'd', reason: 'stolen', traceparent: '' };
  return { tenant: 't1', actor, ...text, permit };
}

function world(
  execute: () => Promise<Executed> = () => Promise.resolve(done),
  documents: DocumentReader = { get: () => undefined },
) {
  const clock = new VirtualClock();
  const denies = new EarlyDenies();
  const pushed: EarlyDeny[] = [];
  const brought: unknown[] = [];
  const held = new HeldRevocations({
    journal: new RevocationJournalFile(folder),
    denies,
    ends: new HeldSessionEnds(documents, clock),
    access: noAccess,
    clock,
    ids: createIds(clock, systemRandom),
    log: createLogger({ service: 'identity', level: 'silent' }),
    execute: (call, given) => {
      brought.push([call.commandId, given]);
      return execute();
    },
    executeAccess: () => Promise.reject(new Error('nothing of ledger L')),
  });
  held.watch((news) => pushed.push(...news.denies));
  return { clock, denies, pushed, brought, held };
}

const journal = (): string => readFileSync(join(folder, 'held-revocations.jsonl'), 'utf8');
const unavailable = (): Failure => new Failure('LEDGER_UNAVAILABLE', 'no broker');

describe('a revocation', () => {
  it('that the ledger takes is answered by the ledger, and nothing is held', async () => {
    const { held, denies } = world();
    expect(await held.settle(callOf(), command, Promise.resolve(done))).toBe(done);
    expect([held.size, denies.size]).toEqual([0, 0]);
  });

  it('that is refused is refused, and nothing is held', async () => {
    const { held, denies } = world();
    const refused = Promise.reject(new Failure('NOT_FOUND', 'no such token'));
    await expect(held.settle(callOf(), command, refused)).rejects.toMatchObject({
      reason: 'NOT_FOUND',
    });
    expect(denies.size).toBe(0);
  });

  it('that the ledger cannot take is journaled, heeded, pushed and answered; then it follows', async () => {
    let broken = true;
    const { clock, held, denies, pushed, brought } = world(() =>
      broken ? Promise.reject(unavailable()) : Promise.resolve(done),
    );
    const answer = await held.settle(callOf(), command, Promise.reject(unavailable()));
    expect(answer).toMatchObject({ position: -1, consistencyToken: '' });
    expect(denies.has('t1', 'TOKEN', 'j1')).toBe(true);
    expect(denies.has('t2', 'TOKEN', 'j1')).toBe(false);
    expect(pushed).toEqual([deny]);
    expect(held.all.denies).toEqual([deny]);
    expect(JSON.parse(journal())).toMatchObject({ command, call: { tenant: 't1' } });
    await clock.run(3_500);
    expect(held.size).toBe(1);
    broken = false;
    await clock.run(6_000);
    expect([held.size, journal()]).toEqual([0, '']);
    expect(brought.at(-1)).toEqual(['c1', command]);
    // It stays heeded: what says it in the ledger may not be read everywhere yet.
    expect(denies.has('t1', 'TOKEN', 'j1')).toBe(true);
  });

  it('that a fault of ours, or of what is quarantined, keeps out stays held', async () => {
    for (const error of [new Error('a fault'), new Failure('QUARANTINED', 'a newer build')]) {
      const { clock, held } = world(() => Promise.reject(error));
      await held.settle(callOf(), command, Promise.reject(unavailable()));
      await clock.run(3_500);
      expect([held.size, journal() === '']).toEqual([1, false]);
      held.close();
      rmSync(join(folder, 'held-revocations.jsonl'));
    }
  });

  it('that hangs is held after a second', async () => {
    const { clock, held, denies } = world();
    const hangs = new Promise<Executed>(() => {});
    const answer = held.settle(callOf(), command, hangs);
    await clock.run(900);
    expect(denies.size).toBe(0);
    await clock.run(1_100);
    expect((await answer).position).toBe(-1);
    expect(denies.size).toBe(1);
  });

  it('of who may not revoke is not held', async () => {
    const { held, denies } = world();
    const call = callOf(() => {
      throw new Failure('PERMISSION_DENIED', 'no');
    });
    await expect(held.settle(call, command, Promise.reject(unavailable()))).rejects.toMatchObject({
      reason: 'PERMISSION_DENIED',
    });
    expect(denies.size).toBe(0);
  });

  it('of a session is held only for its owner', async () => {
    const documents: DocumentReader = {
      get: ({ kind, id }) =>
        kind === 'session' && id === 's1' ? { principal: 'p1', expiresAtMs: 9e15 } : undefined,
    };
    const { held, denies } = world(() => Promise.reject(unavailable()), documents);
    const end = { type: 'EndSession', session: 's1', cause: 'OWNER' } as const;
    for (const wrong of [
      { ...end, principal: 'mallory' },
      { ...end, session: 's2', principal: 'p1' },
    ]) {
      const refused = held.settle(callOf(), wrong, Promise.reject(unavailable()));
      await expect(refused).rejects.toMatchObject({ reason: 'LEDGER_UNAVAILABLE' });
    }
    expect([held.size, denies.size]).toEqual([0, 0]);
    await held.settle(callOf(), { ...end, principal: 'p1' }, Promise.reject(unavailable()));
    expect(denies.has('t1', 'SESSION', 's1')).toBe(true);
  });

  it('that is asked for again and again is held once', async () => {
    const { held } = world(() => Promise.reject(unavailable()));
    for (let i = 0; i < 20; i += 1) {
      const answer = await held.settle(callOf(), command, Promise.reject(unavailable()));
      expect(answer.position).toBe(-1);
    }
    expect(held.size).toBe(1);
    expect(journal().trim().split('\n')).toHaveLength(1);
  });

  it('of many sessions is brought in step by step', async () => {
    const events = Array.from({ length: mostEnded }, () => ({ type: 'SessionEnded' }) as never);
    const steps: Executed[] = [
      { ...done, events },
      { ...done, events: events.slice(0, 3) },
    ];
    const { clock, held, brought } = world(() => Promise.resolve(steps.shift() ?? done));
    const all = { type: 'EndSessions', principal: 'p1', cause: 'OWNER' } as const;
    await held.settle(callOf(), all, Promise.reject(unavailable()));
    await clock.run(100);
    expect(brought).toEqual([
      ['c1', all],
      ['', all],
    ]);
    expect(held.size).toBe(0);
  });

  it('that an earlier process has promised is heeded and brought in by the next', async () => {
    const before = world(() => Promise.reject(unavailable()));
    await before.held.settle(callOf(), command, Promise.reject(unavailable()));
    before.held.close();
    // The process was killed while it wrote another one.
    writeFileSync(join(folder, 'held-revocations.jsonl'), `${journal()}{"id":"half`);
    const after = world();
    after.held.resume();
    expect(journal().trim().split('\n')).toHaveLength(1);
    expect(after.denies.has('t1', 'TOKEN', 'j1')).toBe(true);
    await after.clock.run(100);
    expect(after.brought).toEqual([['c1', command]]);
    expect([after.held.size, journal()]).toEqual([0, '']);
  });
});

describe('early denies', () => {
  it('are forgotten once what they stop is over, and kept for the later end', () => {
    const denies = new EarlyDenies();
    denies.add({ ...deny, untilMs: 1_000 });
    denies.add({ ...deny, untilMs: 3_000 });
    denies.add({ ...deny, untilMs: 2_000 });
    denies.sweep(2_500);
    expect(denies.has('t1', 'TOKEN', 'j1')).toBe(true);
    denies.sweep(3_001);
    expect([denies.size, denies.has('t1', 'TOKEN', 'j1')]).toEqual([0, false]);
  });
});
