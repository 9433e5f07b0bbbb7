// The authorizer under test: the production service over the ledger in a folder.
import { startAuthorizer } from '#services/authorizer/main.js';
import { testConfig } from '../../support/authorizer/running-authorizer.js';
import type { Greeting } from './greeting.js';

const [dataDir = ''] = process.argv.slice(2);
const authorizer = await startAuthorizer(testConfig({ dataDir }));
const port = Number(authorizer.address.split(':').at(-1));
process.send?.({ port } satisfies Greeting);
process.on('message', () => process.send?.({ cpu: process.cpuUsage() }));
process.on('disconnect', () => {
  void authorizer.close().finally(() => process.exit(0));
});
