import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#libs/runtime/clock.js';
import { openEmbeddedLog } from '#libs/ledger/embedded/embedded-store.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { SimulatedLog } from '#libs/ledger/simulated/simulated-log.js';
import { SimulatedStore } from '#libs/ledger/simulated/simulated-store.js';
import type { LogUnderTest } from './event-log-contract.js';
import { eventLogContract } from './event-log-contract.js';
import { lateReaderContract } from './late-reader-contract.js';

async function embedded(): Promise<LogUnderTest> {
  const path = await mkdtemp(join(tmpdir(), 'ledgate-log-'));
  const opened: EventLog[] = [];
  const openLog = (): EventLog => {
    const log = openEmbeddedLog({ path, name: 'auth.ledger.v1' });
    opened.push(log);
    return log;
  };
  return {
    log: openLog(),
    openAnother: async () => openLog(),
    close: async () => {
      for (const log of opened) await log.close();
      await rm(path, { recursive: true, force: true });
    },
  };
}

eventLogContract('embedded', embedded, {
  appendNull: 'its entries are written by append only, which takes bytes',
  cut: 'LMDB keeps what was committed; a restored older copy is a new store for every reader',
  disconnect: 'there is no connection',
});

lateReaderContract('embedded', embedded);

async function simulated(): Promise<LogUnderTest> {
  const store = new SimulatedStore(() => systemClock.wallMs());
  const opened: SimulatedLog[] = [];
  const openLog = (): SimulatedLog => {
    const log = new SimulatedLog('auth.ledger.v1', store, systemClock);
    opened.push(log);
    return log;
  };
  return {
    log: openLog(),
    openAnother: async () => openLog(),
    appendNull: async () => void store.append([null]),
    cut: async (length) => store.cut(length),
    disconnect: async () => {
      for (const log of opened) log.disconnect();
    },
    close: async () => {
      for (const log of opened) await log.close();
    },
  };
}

eventLogContract('simulated', simulated);
lateReaderContract('simulated', simulated);
