/** An authorizer over the embedded log of a folder, in a process of its own. Prints its address. */
import { startAuthorizer } from '#services/authorizer/main.js';
import { testConfig } from './running-authorizer.js';

const [dataDir = ''] = process.argv.slice(2);
const { address } = await startAuthorizer(testConfig({ dataDir }));
process.stdout.write(`${address}\n`);
