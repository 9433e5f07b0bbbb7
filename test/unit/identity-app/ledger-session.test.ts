import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stateLedgerRules } from '#libs/decider/ledger-rules.js';
import { genesisCodec } from '#libs/events/control-codec.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { MacKeys } from '#libs/ledger/mac.js';
import type { ReaderAlarm } from '#libs/ledger/reader.js';
import { RecordKind } from '#libs/ledger/record.js';
import { SimulatedLog } from '#libs/ledger/simulated/simulated-log.js';
import { SimulatedStore } from '#libs/ledger/simulated/simulated-store.js';
import type { Clock } from '#libs/runtime/clock.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import { LmdbState } from '#services/identity/adapters/lmdb-state.js';
import { IdentityFold } from '#services/identity/app/identity-fold.js';
import { LedgerSession } from '#services/identity/app/ledger-session.js';
import { evolve } from '#services/identity/domain/evolve.js';
import { VirtualClock } from '../../simulation/virtual-clock.js';
import { ManualClock } from './manual-clock.js';

const name = 'auth.ledger.v1';
/** A log that cannot be reached, as an adapter says it: by errors of its own. */
const unreachable: EventLog = {
  name,
  append: () => Promise.reject(new Error('no broker answers')),
  tail: () => {
    throw new Error('no broker answers');
  },
  read: () => Promise.reject(new AggregateError([], 'no broker answers')),
  end: () => Promise.reject(new Error('no broker answers')),
  start: () => Promise.reject(new Error('no broker answers')),
  trim: () => Promise.reject(new Error('no broker answers')),
  close: () => Promise.resolve(),
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledgate-session-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function sessionOn(log: EventLog, clock: Clock, alarms: ReaderAlarm[] = []): LedgerSession {
  return new LedgerSession({
    log,
    fold: new IdentityFold(new LmdbState(join(folder, 'state')), evolve),
    rules: stateLedgerRules,
    macKeys: new MacKeys(name, new Map([[1, systemRandom.bytes(32)]])),
    clock,
    ids: createIds(clock, systemRandom),
    random: systemRandom,
    onAlarm: (alarm) => alarms.push(alarm),
    onFence: () => {},
  });
}

it('a command whose record cannot be read now is retryable, not a fault of ours', async () => {
  const session = sessionOn(unreachable, new ManualClock());
  await expect(session.recorded(3)).rejects.toMatchObject({
    name: 'Failure',
    reason: 'LEDGER_UNAVAILABLE',
  });
  await session.close();
});

/** A session that follows a log which holds GENESIS and one more record. */
async function serving() {
  const clock = new VirtualClock();
  const store = new SimulatedStore(() => clock.wallMs());
  const log = new SimulatedLog(name, store, clock);
  const session = sessionOn(log, clock);
  void session.start();
  await clock.run(10);
  const base = { tenantHash: new Uint8Array(16), reads: [], writes: [] };
  const genesis = genesisCodec.encode({
    clusterId: 'c1',
    ledger: name,
    format: 1,
    macKeyCheck: Buffer.alloc(8),
    auditPublicKey: Buffer.alloc(32),
    createdBy: 'a test',
  });
  const kind = RecordKind.GENESIS;
  void session.writer.submit({ ...base, kind, basedOn: -1, payload: genesis });
  await clock.run(50);
  void session.barrier('t1', { tenant: 't1', principal: 'p1' });
  await clock.run(100);
  const close = async (): Promise<void> => {
    const closed = session.close();
    await clock.run(clock.monotonicMs() + 5_000);
    await closed;
  };
  return { clock, store, log, session, close };
}

const nothing = {
  command: { type: 'Nothing' },
  decide: () => ({ events: [] }),
  authorise: () => ({ permittedBy: [] }),
  envelope: {
    tenant: 't1',
    actor: { tenant: 't1', principal: 'p1' },
    commandId: '',
    requestDigest: '',
    reason: '',
    traceparent: '',
  },
} as const;

it('decides nothing on a state that is being rebuilt since the command came', async () => {
  const { clock, store, session, close } = await serving();
  let cleared = (): void => {};
  session.writer.clear = () => new Promise((resolve) => void (cleared = resolve));
  const event = { type: 'GroupCreated', group: 'g1', name: 'crew' } as const;
  const result = session.execute({ ...nothing, decide: () => ({ events: [event] }) });
  result.catch(() => {});
  await clock.run(clock.monotonicMs() + 10);
  store.cut(1);
  await clock.run(clock.monotonicMs() + 100);
  expect(session.reader.state).toBe('diverged');
  cleared();
  await expect(result).rejects.toMatchObject({ reason: 'DIVERGED' });
  await close();
});

it('catches up before it says that there is nothing to change', async () => {
  const { clock, log, store, session, close } = await serving();
  const position = session.reader.position;
  log.end = () => {
    store.append([null]);
    return Promise.resolve(store.length);
  };
  const result = session.execute(nothing);
  await clock.run(clock.monotonicMs() + 600);
  expect(await result).toMatchObject({ events: [], position: position + 1 });
  log.end = () => Promise.resolve(store.length + 1);
  const late = session.execute(nothing);
  late.catch(() => {});
  await clock.run(clock.monotonicMs() + 5_000);
  await expect(late).rejects.toMatchObject({ reason: 'LEDGER_UNAVAILABLE' });
  await close();
});

it('a start waits for a log that cannot be reached yet', async () => {
  const clock = new VirtualClock();
  const store = new SimulatedStore(() => clock.wallMs());
  const log = new SimulatedLog(name, store, clock);
  let refusals = 3;
  log.end = () =>
    refusals-- > 0 ? Promise.reject(new Error('no broker answers')) : Promise.resolve(0);
  const alarms: ReaderAlarm[] = [];
  const session = sessionOn(log, clock, alarms);
  const started = session.start();
  await clock.run(5_000);
  await started;
  expect(session.reader.state).toBe('following');
  expect(alarms.map(({ kind }) => kind)).toEqual(Array.from({ length: 3 }, () => 'unreachable'));
  const closed = session.close();
  await clock.run(10_000);
  await closed;
});
