import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedLog } from '#libs/ledger/embedded/embedded-store.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import type { LogUnderTest } from './event-log-contract.js';
import { eventLogContract } from './event-log-contract.js';

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
