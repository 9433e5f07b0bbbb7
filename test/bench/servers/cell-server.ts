// Identity, and with `both` an authorizer too, on a ledger of their own: embedded, or on the brokers
// that are named. A tenant with an administrator, a caller and users is there when it greets.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledgerTopicSpec, vaultTopicSpec } from '#libs/ledger/kafka/topic-spec.js';
import { ensureTopics } from '#libs/ledger/kafka/topics.js';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { openKafkaVault } from '#libs/ledger/kafka/kafka-vault.js';
import { openEmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import { Secret } from '#libs/runtime/secret.js';
import { RoleServiceService as Roles } from '#proto/ledgate/identity/v1/role.js';
import { startAuthorizer } from '#services/authorizer/main.js';
import { ledgerKey } from '../../support/authorizer/ledger-seed.js';
import { testConfig as authorizerConfig } from '../../support/authorizer/running-authorizer.js';
import { startWorld, testConfig } from '../../support/identity/running-identity.js';
import {
  setUpApiKey,
  setUpGrant,
  setUpTenant,
  setUpUser,
} from '../../support/identity/tenant-setup.js';
import type { CellGreeting } from './greeting.js';

const [services = 'both', brokersText = '', usersText = '0'] = process.argv.slice(2);
export const benchPassword = 'seven quiet lanterns';
const brokers = brokersText === '' ? [] : brokersText.split(',');
const folder = mkdtempSync(join(tmpdir(), 'ledgate-bench-cell-'));
const topicPrefix = brokers.length === 0 ? 'auth' : `bench-${randomUUID()}`;
const { log, vault, close } = await openStores();
const shared = { topicPrefix, ledgerKey: new Secret(ledgerKey) };
const world = await startWorld(testConfig(folder, shared), { log, vault, bootstrap: true });
const acme = await setUpTenant(world, 'acme');
const service = await setUpUser(world, acme.admin, 'gateway');
const gateway = await setUpApiKey(world, acme.admin, service);
const administrator = await setUpApiKey(world, acme.admin, acme.adminId);
await setUpGrant(world, acme.admin, service, {
  name: 'asker',
  permissions: ['ledgate.authorizer:ask', 'ledgate.authorizer:ask-any'],
});
const permission = { name: 'orders:read', resourceType: '', description: '', risk: 1 } as const;
const defined = { permission: { ...permission, maxStalenessMs: 0n, auditRequired: false } };
await world.call(Roles.definePermission, defined, acme.admin);
const role = { name: 'reader', permissions: ['orders:read'] };
const { roleId } = await setUpGrant(world, acme.admin, service, role);
const bob = await setUpUser(world, acme.admin, 'bob');
for (let i = 0; i < Number(usersText); i++) {
  await setUpUser(world, acme.admin, `user-${i}`, benchPassword);
}
const authorizer =
  services === 'both'
    ? await startAuthorizer(authorizerConfig({ ...shared, dataDir: folder }), { log })
    : undefined;

const portOf = (address: string): number => Number(address.split(':').at(-1));
const greeting: CellGreeting = {
  port: portOf(world.identity.address),
  authorizerPort: authorizer === undefined ? 0 : portOf(authorizer.address),
  adminKey: administrator.apiKey,
  gatewayKey: gateway.apiKey,
  tenantId: acme.tenantId,
  roleId,
  principalId: bob,
};
process.send?.(greeting);
process.on('message', () => process.send?.({ cpu: process.cpuUsage() }));
process.on('disconnect', () => {
  void (async () => {
    await authorizer?.close();
    await world.close();
    await close();
    rmSync(folder, { recursive: true, force: true });
    process.exit(0);
  })();
});

async function openStores() {
  if (brokers.length === 0) {
    const store = openEmbeddedStore(join(folder, 'ledger'));
    return {
      log: store.log(`${topicPrefix}.ledger.v1`),
      vault: store.vault(),
      close: () => store.close(),
    };
  }
  const [ledger, blobs] = [`${topicPrefix}.ledger.v1`, `${topicPrefix}.vault.v1`];
  const copies = brokers.length;
  await ensureTopics({ brokers }, [ledgerTopicSpec(ledger, copies), vaultTopicSpec(blobs, copies)]);
  const kafkaLog = openKafkaLog({ brokers, topic: ledger });
  const cacheDir = join(folder, 'vault-cache');
  const kafkaVault = openKafkaVault({ brokers, topic: blobs, cacheDir });
  const closeBoth = async (): Promise<void> => {
    await kafkaLog.close();
    await kafkaVault.close();
  };
  return { log: kafkaLog, vault: kafkaVault, close: closeBoth };
}
