import { expect, it } from 'vitest';
import { MemoryStore } from '#libs/decider/memory-store.js';
import { newestLevel } from '#libs/events/feature-levels.js';
import { SimulatedVault } from '#libs/ledger/simulated/simulated-vault.js';
import { createLogger } from '#libs/runtime/log.js';
import type { LedgerSession } from '#services/identity/app/ledger-session.js';
import { startMaintenance } from '#services/identity/app/maintenance.js';
import { sweepAfterMs } from '#services/identity/app/vault-sweep.js';
import { VirtualClock } from '../../simulation/virtual-clock.js';

interface Trouble {
  readonly readerState?: string;
  readonly lostBelow?: number;
  readonly featureLevel?: number;
  readonly quarantined?: boolean;
  /** The state is dropped while its names are read, and whole again before anything is erased. */
  readonly rebuiltMeanwhile?: boolean;
}

/** Whether a blob that nobody names, and is old enough, outlives the sweeps of two hours. */
async function survives(trouble: Trouble): Promise<boolean> {
  const clock = new VirtualClock();
  const vault = new SimulatedVault(new Map(), clock);
  await vault.put('b', Uint8Array.of(1));
  await clock.run(2 * sweepAfterMs);
  const store = new MemoryStore();
  const fold = { logTimeMs: clock.wallMs(), featureLevel: trouble.featureLevel ?? 1, view: {} };
  const ledger = {
    reader: {
      state: trouble.readerState ?? 'following',
      lostBelow: trouble.lostBelow,
      stalenessMs: () => 0,
      onJudged: () => () => {},
      position: -1,
      window: { verdictHash: () => undefined },
    },
    fold,
    state: {
      get: (key: string) => store.get(key),
      scan: (prefix: string, after?: string) => {
        if (trouble.rebuiltMeanwhile === true) fold.view = {};
        return store.scan(prefix, after);
      },
      quarantinedKeys: () => (trouble.quarantined === true ? [new Uint8Array(16)] : []),
      sweepCommands: () => 0,
      sweepExpired: () => 0,
    },
  } as unknown as LedgerSession;
  const log = createLogger({ service: 'identity', level: 'silent' });
  const options = { ledger, blobs: vault, clock, log, tickMs: 60_000, random: () => 0 };
  const stop = startMaintenance(options);
  // What the sweep waits for is half of the event loop, half of the clock.
  for (let minute = 0; minute < 120; minute++) {
    await clock.run(clock.monotonicMs() + 60_000);
    await new Promise((resolve) => void setImmediate(resolve));
  }
  stop();
  return (await vault.get('b')) !== undefined;
}

it('sweeps the vault where everything is known', async () => {
  expect(await survives({ featureLevel: newestLevel })).toBe(false);
});

it.each<[string, Trouble]>([
  ['while the state is built', { readerState: 'diverged' }],
  ['where a record could not be read', { quarantined: true }],
  ['at a level whose events this build may not know', { featureLevel: newestLevel + 1 }],
  ['when the log has lost records', { lostBelow: 7 }],
  ['when the state was dropped while its names were read', { rebuiltMeanwhile: true }],
])('erases nothing %s', async (_, trouble) => {
  expect(await survives(trouble)).toBe(true);
});
