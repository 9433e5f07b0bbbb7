import { afterEach, beforeEach, expect, it } from 'vitest';
import { SimulatedLog } from '#libs/ledger/simulated/simulated-log.js';
import { SimulatedStore } from '#libs/ledger/simulated/simulated-store.js';
import { SimulatedVault } from '#libs/ledger/simulated/simulated-vault.js';
import { systemClock } from '#libs/runtime/clock.js';
import { Secret } from '#libs/runtime/secret.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type Folder,
} from '../../support/identity/running-identity.js';

let folder: Folder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const keys = {
  masterKey: new Secret(`${'1b'.repeat(31)}05`),
  ledgerKey: new Secret(`${'2c'.repeat(31)}05`),
};

it.each([1, 2, 3, 4])(
  'is done by one of three instances that start at once, round %s',
  async (round) => {
    const store = new SimulatedStore(() => systemClock.wallMs());
    const blobs = new Map<string, Uint8Array | null>();
    const jitter = (): number => 1 + Math.random() * 4;
    const network = {
      append: () => ({ arrivals: [jitter()], acknowledgedAfter: 8, timeoutMs: 500 }),
      fetchDelayMs: jitter,
      disconnects: () => false,
    };
    const starts = [0, 1, 2].map((i) => {
      const log = new SimulatedLog('auth.ledger.v1', store, systemClock, network);
      const vault = new SimulatedVault(blobs);
      return startWorld(testConfig(`${folder.path}/${round}-${i}`, keys), { log, vault });
    });
    const worlds = await Promise.all(starts);
    expect(worlds.filter(({ root }) => root !== '')).toHaveLength(1);
    expect(new Set(worlds.map(({ identity }) => identity.clusterId)).size).toBe(1);
    await Promise.all(worlds.map((world) => world.close()));
  },
);
