import { expect, it } from 'vitest';
import { createLogger } from '#libs/runtime/log.js';
import type { LedgerSession } from '#services/identity/app/ledger-session.js';
import { startMaintenance } from '#services/identity/app/maintenance.js';
import { MemoryVault } from './memory-vault.js';
import { VirtualClock } from '../../simulation/virtual-clock.js';

it('sweeps on after a sweep that failed', async () => {
  const clock = new VirtualClock();
  let sweeps = 0;
  const ledger = {
    reader: {
      state: 'starting',
      onJudged: () => () => {},
      position: -1,
      window: { verdictHash: () => undefined },
    },
    fold: { logTimeMs: 0 },
    state: {
      sweepCommands: () => {
        sweeps += 1;
        throw new Error('no space left on the device');
      },
    },
  } as unknown as LedgerSession;
  const blobs = new MemoryVault();
  const log = createLogger({ service: 'identity', level: 'silent' });
  const stop = startMaintenance({ ledger, blobs, clock, log, tickMs: 60_000, random: () => 0 });
  await clock.run(200_000);
  expect(sweeps).toBe(3);
  stop();
  await clock.run(400_000);
  expect(sweeps).toBe(3);
});
