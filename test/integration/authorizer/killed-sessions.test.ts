import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { openEmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import { killedSuite } from '../../support/authorizer/killed-suite.js';

describe('an authorizer that is killed, over both ledgers', () => {
  killedSuite('embedded', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ledgate-killed-'));
    const store = openEmbeddedStore(join(folder, 'ledger'));
    return {
      log: store.log('auth.ledger.v1'),
      sessionLog: store.log('auth.session.v1'),
      args: [folder],
      close: async () => {
        await store.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  });
});
