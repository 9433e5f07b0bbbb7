import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AccessDenies, endless, type AccessDeny } from '#libs/access/projection/access-denies.js';
import { EarlyDenies } from '#libs/access/sessions/early-denies.js';
import { Failure, type Reason } from '#libs/errors/failure.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import { createLogger } from '#libs/runtime/log.js';
import { RevocationJournalFile } from '#services/identity/adapters/revocation-journal-file.js';
import type { HeldAccess, HeldAccessRevocation } from '#services/identity/app/held-access.js';
import { HeldRevocations, type HeldNews } from '#services/identity/app/held-revocations.js';
import { HeldSessionEnds } from '#services/identity/app/held-session-ends.js';
import type { CommandCall, Executed } from '#services/identity/app/identity-parts.js';
import { VirtualClock } from '../../simulation/virtual-clock.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledgate-held-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const done: Executed = { position: 5, events: [], replayed: false, consistencyToken: 'token' };
const suspend = (principal: string) => ({ type: 'SuspendPrincipal', principal }) as const;
const asked = {
  method: 'm',
  target: { tenant: 't1' },
  atMs: 0,
  limits: { scopes: [], resourcePrefix: '' },
  apiKey: '',
};
const actor = { tenant: 't1', principal: 'p0' };
const text = { commandId: 'c1', requestDigest: 'd', reason: 'stolen', traceparent: '' };
const permit: CommandCall['permit'] = () => ({ permittedBy: [] });
const call: CommandCall = { tenant: 't1', actor, ...text, permit };
const refusal = (reason: Reason): Failure => new Failure(reason, 'no');

/** Ledger L answers what `execute` says, and knows everything that is suspended. */
function world(
  execute: (principal: string, by: string) => Promise<Executed>,
  wouldCount = () => true,
) {
  const clock = new VirtualClock();
  const denies = new AccessDenies();
  const brought: string[] = [];
  const news: HeldNews[] = [];
  const access = {
    denies,
    position: 9,
    wouldCount,
    deniesOf: ({ id: hold, command }: HeldAccessRevocation): AccessDeny[] => {
      const id = 'principal' in command ? command.principal : '';
      return [{ tenant: 't1', kind: 'PRINCIPAL', id, untilMs: endless, hold }];
    },
    permitAgain: () => ({ permittedBy: ['again'] }),
  };
  const held = new HeldRevocations({
    journal: new RevocationJournalFile(folder),
    denies: new EarlyDenies(),
    ends: new HeldSessionEnds({ get: () => undefined }, clock),
    access: access as unknown as HeldAccess,
    clock,
    ids: createIds(clock, systemRandom),
    log: createLogger({ service: 'identity', level: 'silent' }),
    execute: () => Promise.reject(new Error('nothing of ledger S')),
    executeAccess: (given, command) => {
      const principal = 'principal' in command ? command.principal : '';
      brought.push(`${principal} ${given.permit().permittedBy.join()}`);
      return execute(principal, given.actor.principal);
    },
  });
  held.watch((told) => news.push(told));
  const settle = (principal: string, running: Promise<Executed>, by: Partial<CommandCall> = {}) =>
    held.settleAccess({ ...call, commandId: principal, ...by }, suspend(principal), asked, running);
  const isDenied = (id: string): boolean => denies.deniedUntil('t1', 'PRINCIPAL', id) > 0;
  return { clock, held, settle, isDenied, brought, news };
}

const journal = (): string => readFileSync(join(folder, 'held-revocations.jsonl'), 'utf8');
const unavailable = (): Promise<Executed> => Promise.reject(refusal('LEDGER_UNAVAILABLE'));

it('what the ledger takes or refuses at once is its own answer, and nothing is held', async () => {
  const { held, settle } = world(unavailable);
  expect(await settle('a', Promise.resolve(done))).toBe(done);
  await expect(settle('a', Promise.reject(refusal('NOT_FOUND')))).rejects.toThrow('no');
  expect(held.size).toBe(0);
});

it('nor is anything that the decider would refuse, or that is so already', async () => {
  const refusing = world(unavailable, () => {
    throw refusal('NOT_FOUND');
  });
  await expect(refusing.settle('a', unavailable())).rejects.toMatchObject({ reason: 'NOT_FOUND' });
  const idle = world(unavailable, () => false);
  await expect(idle.settle('a', unavailable())).rejects.toMatchObject({
    reason: 'LEDGER_UNAVAILABLE',
  });
  expect([refusing.held.size, idle.held.size]).toEqual([0, 0]);
});

it('what it cannot take bites, follows by its right judged again, and is lifted then', async () => {
  let broken = true;
  const { clock, held, settle, isDenied, brought, news } = world(() =>
    broken ? unavailable() : Promise.resolve(done),
  );
  expect((await settle('a', unavailable())).position).toBe(-1);
  expect([isDenied('a'), isDenied('b')]).toEqual([true, false]);
  expect(held.all.access).toMatchObject([{ kind: 'PRINCIPAL', id: 'a' }]);
  await clock.run(3_500);
  expect([held.size, isDenied('a')]).toEqual([1, true]);
  broken = false;
  await clock.run(6_000);
  expect([held.size, isDenied('a'), journal()]).toEqual([0, false, '']);
  expect(new Set(brought)).toEqual(new Set(['a again']));
  const hold = news[0]?.access[0]?.hold;
  expect(news.at(-1)?.lifted).toEqual([{ hold, position: 9 }]);
});

it('the attempt that it was answered in counts, however late', async () => {
  let answer = (_: Executed): void => {};
  const hangs = new Promise<Executed>((resolve) => {
    answer = resolve;
  });
  const { clock, held, settle, isDenied, brought } = world(unavailable);
  const settled = settle('a', hangs);
  await clock.run(1_100);
  expect((await settled).position).toBe(-1);
  await clock.run(60_000);
  expect([isDenied('a'), brought]).toEqual([true, []]);
  answer(done);
  await clock.run(60_100);
  expect([held.size, isDenied('a'), brought]).toEqual([0, false, []]);
});

it('they follow in the order in which they were asked for', async () => {
  let broken = true;
  const { clock, settle, brought } = world(() => (broken ? unavailable() : Promise.resolve(done)));
  for (const each of ['a', 'b', 'c']) await settle(each, unavailable());
  await clock.run(2_500);
  expect(new Set(brought)).toEqual(new Set(['a again']));
  brought.length = 0;
  broken = false;
  await clock.run(5_000);
  expect(brought).toEqual(['a again', 'b again', 'c again']);
});

it('what is refused in the end is lifted, and counted', async () => {
  const { clock, held, settle, isDenied } = world((principal) =>
    principal === 'a' ? Promise.reject(refusal('PERMISSION_DENIED')) : Promise.resolve(done),
  );
  await settle('a', unavailable());
  await settle('b', unavailable());
  await clock.run(3_000);
  expect([held.size, held.refused, isDenied('a'), journal()]).toEqual([0, 1, false, '']);
});

it('what says nothing about the revocation lets nobody in, and holds up nothing else', async () => {
  const faults = ['QUARANTINED', 'INTERNAL', 'LEDGER_SEALED', 'CANCELLED'] as const;
  const tooOld = ['NEEDS_NEWER_BUILD', 'MISCONFIGURED', 'WRONG_CLUSTER'] as const;
  for (const reason of [...faults, ...tooOld]) {
    rmSync(join(folder, 'held-revocations.jsonl'), { force: true });
    const { clock, held, settle, isDenied } = world((principal) =>
      principal === 'a' ? Promise.reject(refusal(reason)) : Promise.resolve(done),
    );
    await settle('a', unavailable());
    await settle('b', unavailable());
    await clock.run(5_000);
    expect([held.size, held.refused, isDenied('a'), isDenied('b')]).toEqual([1, 0, true, false]);
    held.close();
  }
});

it('an earlier process has promised it: it bites, and follows', async () => {
  const before = world(unavailable);
  await before.settle('a', unavailable());
  before.held.close();
  const after = world(() => Promise.resolve(done));
  after.held.resume();
  expect(after.isDenied('a')).toBe(true);
  await after.clock.run(100);
  expect([after.held.size, after.isDenied('a'), after.brought]).toEqual([0, false, ['a again']]);
});

it('what two ask for is held by the right of each', async () => {
  let back = false;
  const { clock, held, settle, isDenied } = world((_, by) =>
    back && by === 'p0' ? Promise.reject(refusal('PERMISSION_DENIED')) : unavailable(),
  );
  const other = { actor: { tenant: 't1', principal: 'p9' } };
  for (const by of [{}, {}, other, { ...other, commandId: 'again' }]) {
    expect((await settle('a', unavailable(), by)).position).toBe(-1);
  }
  expect(held.size).toBe(2);
  back = true;
  await clock.run(3_500);
  expect([held.size, held.refused, isDenied('a')]).toEqual([1, 1, true]);
  held.close();
});

it('a command id that names another request is refused at once', async () => {
  const { held, settle, isDenied } = world(unavailable);
  await settle('a', unavailable(), { commandId: 'one' });
  const another = { commandId: 'one', requestDigest: 'another' };
  await expect(settle('b', unavailable(), another)).rejects.toMatchObject({
    reason: 'COMMAND_ID_REUSED',
  });
  expect([held.size, isDenied('b')]).toEqual([1, false]);
  const whose = { ...another, actor: { tenant: 't1', principal: 'p9' } };
  expect((await settle('b', unavailable(), whose)).position).toBe(-1);
  held.close();
});

it('nobody uses up the room of others', async () => {
  const { held, settle } = world(unavailable);
  const isHeld = async (tenant: string, principal: string, count: number): Promise<number> => {
    const by = { tenant, actor: { tenant, principal } };
    const each = Array.from({ length: count }, (_, at) => settle(`${at}`, unavailable(), by));
    const answers = await Promise.allSettled(each);
    return answers.filter(({ status }) => status === 'fulfilled').length;
  };
  expect(await isHeld('t1', 'thief', 260)).toBe(250);
  expect(await isHeld('t1', 'second', 260)).toBe(250);
  expect(await isHeld('t1', 'third', 1)).toBe(0);
  for (const who of ['a', 'b', 'c']) await isHeld('t2', who, 250);
  expect([held.size, await isHeld('t3', 'p0', 1)]).toEqual([1_000, 0]);
  expect(await isHeld('system', 'operator', 1)).toBe(1);
  held.close();
}, 30_000);

it('a promise that could not be written is none, also later', async () => {
  let back = false;
  const { clock, held, settle, isDenied } = world(() =>
    back ? Promise.resolve(done) : unavailable(),
  );
  const path = join(folder, 'held-revocations.jsonl');
  mkdirSync(path);
  await expect(settle('a', unavailable())).rejects.toThrow('EISDIR');
  rmdirSync(path);
  await settle('b', unavailable());
  const line = journal();
  expect([held.size, isDenied('a'), line.split('\n').length]).toEqual([1, false, 2]);
  back = true;
  await clock.run(3_500);
  expect([held.size, journal()]).toEqual([0, '']);
  // Nor is half of one.
  writeFileSync(path, line + line.replaceAll('"b"', '"c"').slice(0, -9));
  const after = world(() => Promise.resolve(done));
  after.held.resume();
  await after.clock.run(100);
  expect([after.brought, journal()]).toEqual([['b again'], '']);
});

it('what this build does not know, or cannot read, keeps nothing else from being taken up', async () => {
  const before = world(unavailable);
  await before.settle('a', unavailable());
  before.held.close();
  const line = journal();
  const newer = line
    .replace('SuspendPrincipal', 'SuspendEverything')
    .replace(/"id":"../u, '"id":"zz');
  const path = join(folder, 'held-revocations.jsonl');
  writeFileSync(path, `{"id":"x","call":null,"command":null}\n${newer}half a li\n${line}`);
  const reading = new RevocationJournalFile(folder);
  expect([reading.load().length, reading.unreadable]).toEqual([2, 2]);
  const after = world(() => Promise.resolve(done));
  after.held.resume();
  await after.clock.run(100);
  expect([after.held.size, after.brought, journal()]).toEqual([0, ['a again'], newer]);
});

it('a journal that cannot be written anew keeps nobody out, and nothing from following', async () => {
  let back = false;
  const { clock, held, settle, isDenied, brought } = world((principal) => {
    if (!back) return unavailable();
    return principal === 'a' ? Promise.reject(refusal('NOT_FOUND')) : Promise.resolve(done);
  });
  for (const each of ['a', 'b', 'c']) await settle(each, unavailable());
  const part = join(folder, 'held-revocations.jsonl.part');
  mkdirSync(part);
  back = true;
  await clock.run(3_500);
  expect([held.size, held.refused, ...['a', 'b', 'c'].map(isDenied)]).toEqual([
    0,
    1,
    false,
    false,
    false,
  ]);
  expect(new Set(brought)).toEqual(new Set(['a again', 'b again', 'c again']));
  expect(journal()).not.toBe('');
  rmdirSync(part);
  back = false;
  await settle('d', unavailable());
  back = true;
  await clock.run(7_000);
  expect([held.size, journal()]).toEqual([0, '']);
});
