import { expect, it } from 'vitest';
import { createLogger } from '#libs/runtime/log.js';
import { isCheckpointDue, startCheckpoints } from '#services/identity/app/checkpoint-schedule.js';
import type { Checkpoints } from '#services/identity/app/checkpoints.js';
import type { LedgerSession } from '#services/identity/app/ledger-session.js';
import { VirtualClock } from '../../simulation/virtual-clock.js';

interface Standing {
  state: string;
  sealed: boolean;
  position: number;
  since: { position: number; appendedAtMs: number; commands: number } | undefined;
  logTimeMs: number;
}

const hourMs = 3_600_000;
const quiet: Standing = {
  state: 'following',
  sealed: false,
  position: 100,
  since: { position: 90, appendedAtMs: 0, commands: 3 },
  logTimeMs: 1_000,
};

function ledgerOf(standing: Standing): LedgerSession {
  return {
    reader: standing,
    fold: { sinceCheckpoint: standing.since, logTimeMs: standing.logTimeMs },
  } as unknown as LedgerSession;
}

it.each([
  ['nothing much happened', {}, false],
  ['an hour with commands', { logTimeMs: hourMs }, true],
  ['an hour of ticks alone', { logTimeMs: hourMs, since: { ...quiet.since!, commands: 0 } }, false],
  ['almost a window of records', { position: 90 + 61_440 }, true],
  ['one less', { position: 90 + 61_439 }, false],
  ['still reading', { state: 'starting', position: 1e6 }, false],
  ['sealed', { sealed: true, position: 1e6 }, false],
  ['nothing read yet', { since: undefined, position: 1e6 }, false],
])('a checkpoint is due after: %s', (_, change, due) => {
  expect(isCheckpointDue(ledgerOf({ ...quiet, ...change }))).toBe(due);
});

it('is tried again after it failed, and never after the stop', async () => {
  const clock = new VirtualClock();
  let attempts = 0;
  const checkpoints = {
    tryToWrite: () => {
      attempts += 1;
      return Promise.reject(new Error('no broker answers'));
    },
  } as unknown as Checkpoints;
  const ledger = ledgerOf({ ...quiet, logTimeMs: hourMs });
  const log = createLogger({ service: 'identity', level: 'silent' });
  const stop = startCheckpoints({ ledger, checkpoints, clock, log, random: () => 0.5 });
  await clock.run(7_000);
  expect(attempts).toBe(3);
  stop();
  await clock.run(20_000);
  expect(attempts).toBe(3);
});
