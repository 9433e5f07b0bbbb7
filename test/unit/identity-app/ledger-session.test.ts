import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EventLog } from '#libs/ledger/event-log.js';
import { MacKeys } from '#libs/ledger/mac.js';
import type { ReaderAlarm } from '#libs/ledger/reader.js';
import { SimulatedLog } from '#libs/ledger/simulated/simulated-log.js';
import { SimulatedStore } from '#libs/ledger/simulated/simulated-store.js';
import type { Clock } from '#libs/runtime/clock.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import { LmdbState } from '#services/identity/adapters/lmdb-state.js';
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
    state: new LmdbState(join(folder, 'state')),
    evolve,
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
