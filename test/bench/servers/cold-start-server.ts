// Starts a service over the ledger in a folder and says how long that took, from the start of the process
// until it served, and what it holds in memory then.
import { join } from 'node:path';
import { startAuthorizer } from '#services/authorizer/main.js';
import { startIdentity } from '#services/identity/main.js';
import { testConfig as authorizerConfig } from '../../support/authorizer/running-authorizer.js';
import { testConfig as identityConfig } from '../../support/identity/running-identity.js';
import { liveBytes } from '../collect-garbage.js';
import type { ColdStart } from './greeting.js';

const [kind = '', dataDir = '', everyRecords = '0'] = process.argv.slice(2);
const snapshots = {
  folder: join(dataDir, 'snapshots'),
  everyRecords: Number(everyRecords),
  everyMs: 1e9,
};
const running =
  kind === 'identity'
    ? await startIdentity(identityConfig(dataDir, { snapshots }))
    : await startAuthorizer(authorizerConfig({ dataDir, ledgerKey: undefined, snapshots }));
const seconds = performance.now() / 1000;
const { user, system } = process.cpuUsage();
const cpuSeconds = (user + system) / 1e6;
process.send?.({ seconds, cpuSeconds, bytes: liveBytes() } satisfies ColdStart);
process.on('disconnect', () => {
  void running.close().finally(() => process.exit(0));
});
