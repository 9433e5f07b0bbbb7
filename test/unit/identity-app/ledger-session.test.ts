import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { EventLog } from '#libs/ledger/event-log.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import { LmdbState } from '#services/identity/adapters/lmdb-state.js';
import { LedgerSession } from '#services/identity/app/ledger-session.js';
import { evolve } from '#services/identity/domain/evolve.js';
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

it('a command whose record cannot be read now is retryable, not a fault of ours', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledgate-session-'));
  const clock = new ManualClock();
  const session = new LedgerSession({
    log: unreachable,
    state: new LmdbState(join(folder, 'state')),
    evolve,
    macKeys: new MacKeys(name, new Map([[1, systemRandom.bytes(32)]])),
    clock,
    ids: createIds(clock, systemRandom),
    random: systemRandom,
    onAlarm: () => {},
    onFence: () => {},
  });
  await expect(session.recorded(3)).rejects.toMatchObject({
    name: 'Failure',
    reason: 'LEDGER_UNAVAILABLE',
  });
  await session.close();
  rmSync(folder, { recursive: true, force: true });
});
