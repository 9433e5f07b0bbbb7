import { beforeEach, describe, expect, it } from 'vitest';
import { askAgain } from '#libs/history/ask-again.js';
import { TimeMachine } from '#libs/history/time-machine.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { PastView } from '#libs/history/past-view.js';
import type { PastState } from '#libs/history/replay.js';
import { Judge } from '#libs/ledger/judge.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { SimulatedLog } from '#libs/ledger/simulated/simulated-log.js';
import { SimulatedStore } from '#libs/ledger/simulated/simulated-store.js';
import { systemClock } from '#libs/runtime/clock.js';
import { ledgerKey, LedgerSeed } from '../../support/authorizer/ledger-seed.js';
import {
  granted,
  permissionDefined,
  registered,
  revoked,
  roleCreated,
  tenantCreated,
} from '../../support/authorizer/seed-events.js';

const name = 'auth.ledger.v1';
const origin = { tenant: 't' };
const about = { kind: 'SUBJECT', tenant: 't', principal: 'alice' } as const;
const ask = { action: 'orders:read', resource: 'a/b' };

let nowMs = 0;
let log: EventLog;
let store: SimulatedStore;
let seed: LedgerSeed;
let machine: TimeMachine;

function machineOn(more: Partial<ConstructorParameters<typeof TimeMachine>[0]> = {}): TimeMachine {
  const macKeys = new MacKeys(name, new Map([[1, Buffer.from(ledgerKey, 'hex')]]));
  return new TimeMachine({ log, macKeys, ...more });
}

beforeEach(async () => {
  nowMs = 1_000;
  store = new SimulatedStore(() => nowMs);
  log = new SimulatedLog(name, store, systemClock);
  seed = await LedgerSeed.begin(log);
  const scene = [
    [tenantCreated('t')],
    [permissionDefined('orders:read')],
    [roleCreated('reader', ['orders:read'])],
    [registered('alice')],
    [granted('alice', 'reader', 'a', 7_500)],
    [revoked('alice', 'reader', 'a')],
  ];
  for (const events of scene) {
    nowMs += 1_000;
    await seed.append(events, origin);
  }
  machine = machineOn();
});

async function answerAt(when: Parameters<TimeMachine['find']>[0]): Promise<string> {
  const place = await machine.find(when);
  return machine.visit(place, ({ view, atMs }) => {
    return askAgain(view, about, { ...ask, nowMs: atMs }).reason;
  });
}

describe('any moment of the ledger', () => {
  it('is named by a position', async () => {
    const answers = [];
    for (let position = 0; position <= seed.position; position++) {
      answers.push(await answerAt({ position }));
    }
    expect(answers).toEqual([
      'TENANT_UNKNOWN',
      'PRINCIPAL_UNKNOWN',
      'PRINCIPAL_UNKNOWN',
      'PRINCIPAL_UNKNOWN',
      'NO_GRANT',
      'ALLOWED',
      'NO_GRANT',
    ]);
  });

  it('is named by a time: the state after the last record that the log had taken by then', async () => {
    const at = async (atMs: number) => (await machine.find({ atMs })).position;
    expect(await at(999)).toBe(-1);
    expect(await at(1_000)).toBe(0);
    expect(await at(5_999)).toBe(4);
    expect(await at(6_000)).toBe(5);
    expect(await at(99_000)).toBe(6);
    expect(await answerAt({ atMs: 500 })).toBe('TENANT_UNKNOWN');
    expect(await answerAt({ atMs: 6_999 })).toBe('ALLOWED');
  });

  it('several records of one time are all in it', async () => {
    await seed.append([registered('bob')], origin);
    await seed.append([registered('carol')], origin);
    expect((await machine.find({ atMs: nowMs })).position).toBe(8);
    expect((await machine.find({ atMs: nowMs - 1 })).position).toBe(5);
  });

  it('judges expiry at the time that is asked about, not now', async () => {
    expect(await answerAt({ position: 5, atMs: 7_499 })).toBe('ALLOWED');
    expect(await answerAt({ position: 5, atMs: 7_500 })).toBe('NO_GRANT');
    expect((await machine.find({ position: 5 })).atMs).toBe(6_000);
  });

  it('has the chain of then, whichever way it was reached', async () => {
    const chainAt = (one: TimeMachine, position: number) =>
      one.visit({ position, atMs: 0 }, ({ chain }) => Buffer.from(chain).toString('hex'));
    const forward = [3, 5, 6, 1, 4].map(async (position) => chainAt(machineOn(), position));
    const direct = await Promise.all(forward);
    const one = [];
    for (const position of [3, 5, 6, 1, 4]) one.push(await chainAt(machine, position));
    expect(one).toEqual(direct);
  });

  it('is refused where the ledger has none', async () => {
    await expect(machine.find({ position: 7 })).rejects.toMatchObject({
      reason: 'INVALID_ARGUMENT',
    });
    await expect(machine.find({ position: -1 })).rejects.toThrow('the ledger ends at 6');
    await expect(machineOn({ last: () => 3 }).find({ position: 4 })).rejects.toThrow('ends at 3');
  });

  it('leaves void records out and closes what could not be read', async () => {
    await log.append([Buffer.from('no record at all')]);
    const place = await machine.find({ position: 7 });
    const quarantined = await machine.visit(place, ({ view }) => view.quarantined.size);
    expect(quarantined).toBe(0);
    expect(await answerAt({ position: 7, atMs: 1 })).toBe('NO_GRANT');
  });

  it('a record that could not be read closes the question, from its position on', async () => {
    await seed.poison([{ tenant: 't', kind: 'principal', id: 'alice' }]);
    expect(await answerAt({ position: 5 })).toBe('ALLOWED');
    expect(await answerAt({ position: 7 })).toBe('QUARANTINED');
  });
});

describe('what is kept', () => {
  it('is two states: a third moment at the same time is too much', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const held: Promise<void>[] = [];
    const hold = (position: number) =>
      new Promise<void>((inside) => {
        held.push(machine.visit({ position, atMs: 0 }, () => (inside(), released)));
      });
    await Promise.all([hold(2), hold(3)]);
    await expect(machine.visit({ position: 4, atMs: 0 }, () => 'in')).rejects.toMatchObject({
      reason: 'OVERLOADED',
    });
    expect(await machine.visit({ position: 3, atMs: 0 }, () => 'in')).toBe('in');
    release();
    await Promise.all(held);
    expect(await machine.visit({ position: 4, atMs: 0 }, () => 'in')).toBe('in');
  });

  it('never changes under a visitor', async () => {
    await machine.visit({ position: 5, atMs: 6_000 }, async ({ view }) => {
      await machine.visit({ position: 6, atMs: 7_000 }, () => undefined);
      expect(askAgain(view, about, { ...ask, nowMs: 6_000 }).outcome).toBe('ALLOW');
    });
  });

  it('gives up when the caller does, and the place is free again', async () => {
    const gone = AbortSignal.abort(new Error('gone'));
    const visit = machine.visit({ position: 5, atMs: 0 }, () => 'in', gone);
    await expect(visit).rejects.toThrow('gone');
    const again = [3, 4].map((position) => machine.visit({ position, atMs: 0 }, () => 'in'));
    expect(await Promise.all(again)).toEqual(['in', 'in']);
  });

  it('is not answered from when the log holds another history than this process read', async () => {
    const wrong = machineOn({ chainAt: () => new Uint8Array(32) });
    await expect(wrong.visit({ position: 3, atMs: 0 }, () => 'in')).rejects.toMatchObject({
      reason: 'DIVERGED',
    });
  });
});

describe('a snapshot', () => {
  const at = async (source: MacKeys, position: number): Promise<PastState> => {
    const window = new VerdictWindow();
    const judge = new Judge(source, { window, sealed: false });
    const past = new PastView();
    for (let next = 0; next <= position; next++) past.apply(judge.judge(store.at(next)!));
    return { judge: { window, sealed: false }, view: past.view, cluster: past.cluster };
  };
  const keys = new MacKeys(name, new Map([[1, Buffer.from(ledgerKey, 'hex')]]));

  it('is where a state is rebuilt from, and changes nothing about it', async () => {
    const asked: number[] = [];
    const nearest = async (position: number): Promise<PastState> => {
      asked.push(position);
      return at(keys, Math.min(position, 5));
    };
    const plain = machine;
    machine = machineOn({ snapshots: { nearest }, snapshotsBeyond: 0 });
    expect(await answerAt({ position: 6 })).toBe('NO_GRANT');
    expect(await answerAt({ position: 5 })).toBe('ALLOWED');
    const chainOf = (one: TimeMachine) =>
      one.visit({ position: 6, atMs: 0 }, ({ chain }) => Buffer.from(chain).toString('hex'));
    expect(await chainOf(machine)).toBe(await chainOf(plain));
    expect(asked).toEqual([6, 5]);
  });

  it('of another history than the log holds now is passed over', async () => {
    const foreign = await at(keys, 5);
    store.cut(4);
    await log.append([Buffer.from('another'), Buffer.from('record'), Buffer.from('altogether')]);
    const from = { snapshots: { nearest: async () => foreign }, snapshotsBeyond: 0 };
    machine = machineOn(from);
    expect(await answerAt({ position: 6 })).toBe('PRINCIPAL_UNKNOWN');
  });
});

describe('the records of a stretch', () => {
  it('come with their verdicts', async () => {
    await log.append([Buffer.from('no record at all')]);
    const seen = [];
    for await (const { position, accepted } of machine.records(4, 7))
      seen.push([position, accepted]);
    expect(seen).toEqual([
      [5, true],
      [6, true],
      [7, false],
    ]);
  });
});
