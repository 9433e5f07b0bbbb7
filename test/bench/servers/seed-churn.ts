// Founds a cell in a folder and appends that many records of churn over a thousand principals: what is
// given is taken away again, so that hardly anything lives however long the ledger becomes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { openEmbeddedLog } from '#libs/ledger/embedded/embedded-store.js';
import { parseLedgerSecrets } from '#libs/ledger/ledger-secrets.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import { systemClock } from '#libs/runtime/clock.js';
import { Secret } from '#libs/runtime/secret.js';
import { LedgerSeed } from '../../support/authorizer/ledger-seed.js';
import {
  granted,
  passwordSet,
  permissionDefined,
  registered,
  revoked,
  roleCreated,
} from '../../support/authorizer/seed-events.js';
import { startWorld, testConfig } from '../../support/identity/running-identity.js';
import { setUpTenant } from '../../support/identity/tenant-setup.js';

const [folder = '', recordsText = '0'] = process.argv.slice(2);
const principals = 1_000;
const prefixes = 5_000;
const flushBytes = 4 << 20;

const world = await startWorld(testConfig(folder));
const { tenantId: tenant } = await setUpTenant(world, 'churn');
await world.close();

const log = openEmbeddedLog({ path: join(folder, 'ledger'), name: 'auth.ledger.v1' });
const text = readFileSync(join(folder, 'keys', 'ledger.key'), 'utf8').trim();
const secret = parseLedgerSecrets(new Secret(text)).get(1) ?? new Uint8Array(0);
const seed = await LedgerSeed.resume(log, Buffer.from(secret));
const ids = createIds(systemClock, systemRandom);
const people = Array.from({ length: principals }, () => ids.uuid());
const role = ids.uuid();
seed.put([permissionDefined('orders:read'), roleCreated(role, ['orders:read'])], { tenant });
for (const person of people) {
  const standing = ['a', 'b', 'c'].map((prefix) => granted(person, role, prefix));
  seed.put([registered(person), passwordSet(person, 1), ...standing], { tenant });
}

/** The n-th event: a grant, its revocation, now and then a new password. */
function churn(n: number): DomainEvent {
  const person = people[(n >>> 1) % principals] as string;
  const prefix = `projects/${(n >>> 1) % prefixes}`;
  if (n % 100 === 0) return passwordSet(person, 2 + n);
  return n % 2 === 0 ? granted(person, role, prefix) : revoked(person, role, prefix);
}

for (let n = 0; seed.position < Number(recordsText) - 1; n++) {
  seed.put([churn(n)], { tenant });
  if (seed.pendingBytes > flushBytes) await seed.flush();
}
await seed.flush();
await log.close();
process.send?.({ position: seed.position });
process.disconnect?.();
