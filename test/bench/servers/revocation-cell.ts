// Identity and two authorizers on ledgers of their own: embedded, or on the brokers that are named. A
// tenant with an administrator, a role and a client is there when it greets. It signs what identity
// would, for tokens of flows that need a browser.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { openKafkaVault } from '#libs/ledger/kafka/kafka-vault.js';
import { ledgerTopicSpec, vaultTopicSpec } from '#libs/ledger/kafka/topic-spec.js';
import { ensureTopics } from '#libs/ledger/kafka/topics.js';
import { Secret } from '#libs/runtime/secret.js';
import { ClientKind, ClientServiceService as Clients } from '#proto/ledgate/identity/v1/client.js';
import { RoleServiceService as Roles } from '#proto/ledgate/identity/v1/role.js';
import { ScopeServiceService as Scopes } from '#proto/ledgate/identity/v1/scope.js';
import { startAuthorizer } from '#services/authorizer/main.js';
import { ledgerKey } from '../../support/authorizer/ledger-seed.js';
import {
  audience,
  issuer,
  testConfig as authorizerConfig,
} from '../../support/authorizer/running-authorizer.js';
import { startWorld, testConfig } from '../../support/identity/running-identity.js';
import {
  setUpApiKey,
  setUpGrant,
  setUpTenant,
  setUpUser,
} from '../../support/identity/tenant-setup.js';
import { trueSigner, type Claims } from '../../support/ledgate/true-signer.js';
import type { RevocationGreeting } from './greeting.js';

const [brokersText = ''] = process.argv.slice(2);
export const benchPassword = 'seven quiet lanterns';
const brokers = brokersText === '' ? [] : brokersText.split(',');
const folder = mkdtempSync(join(tmpdir(), 'ledgate-bench-revocation-'));
const topicPrefix = brokers.length === 0 ? 'auth' : `bench-${randomUUID()}`;
const { log, sessionLog, vault, close } = await openStores();
const shared = { topicPrefix, ledgerKey: new Secret(ledgerKey) };
const both = { log, sessionLog };
const config = testConfig(folder, { ...shared, issuer, audiences: [audience] });
const world = await startWorld(config, { ...both, vault, bootstrap: true });
const acme = await setUpTenant(world, 'acme');
const bob = await setUpUser(world, acme.admin, 'bob', benchPassword);
const permission = { name: 'orders:read', resourceType: '', description: '', risk: 1 } as const;
const defined = { permission: { ...permission, maxStalenessMs: 0n, auditRequired: false } };
await world.call(Roles.definePermission, defined, acme.admin);
const role = { name: 'reader', permissions: ['orders:read'] };
const granted = await setUpGrant(world, acme.admin, bob, role);
const administrator = await setUpApiKey(world, acme.admin, acme.adminId);
const gateway = await setUpUser(world, world.root, 'gateway');
const asks = ['ask', 'ask-any'].map((verb) => `ledgate.authorizer:${verb}`);
await setUpGrant(world, world.root, gateway, { name: 'asker', permissions: asks });
const asker = await setUpApiKey(world, world.root, gateway);
const settings = {
  name: 'Shop',
  redirectUris: ['https://shop.test/back'],
  postLogoutRedirectUris: [],
  grantTypes: ['authorization_code'],
  scopes: ['shop'],
  authMethod: 'none',
  jwks: '',
  pkceRequired: true,
  dpopRequired: false,
  parRequired: false,
  accessTokenTtlMs: 0n,
  refreshIdleMs: 0n,
  refreshAbsoluteMs: 0n,
  audiences: [],
  firstParty: false,
  backchannelLogoutUri: '',
};
const scope = {
  name: 'shop',
  description: 'Your orders',
  permissions: ['orders:read'],
  consentRequired: true,
};
await world.call(Scopes.defineScope, { scope }, acme.admin);
const kind = ClientKind.CLIENT_KIND_BROWSER;
const { clientId } = await world.call(Clients.registerClient, { kind, settings }, acme.admin);
const own = authorizerConfig({ ...shared, dataDir: folder });
const authorizers = [await startAuthorizer(own, both), await startAuthorizer(own, both)];

const portOf = (address: string): number => Number(address.split(':').at(-1));
process.send?.({
  port: portOf(world.identity.address),
  authorizerPorts: authorizers.map(({ address }) => portOf(address)),
  rootKey: world.root,
  adminKey: administrator.apiKey,
  gatewayKey: asker.apiKey,
  tenantId: acme.tenantId,
  principalId: bob,
  password: benchPassword,
  roleId: granted.roleId,
  grantId: granted.grantId,
  clientId,
} satisfies RevocationGreeting);
process.on('message', ({ sign }: { sign: Claims }) => {
  void trueSigner({ log, vault, dataDir: folder })
    .then((signer) => signer.sign(sign))
    .then((token) => process.send?.({ token }));
});
process.on('disconnect', () => {
  void (async () => {
    for (const authorizer of authorizers) await authorizer.close();
    await world.close();
    await close();
    rmSync(folder, { recursive: true, force: true });
    process.exit(0);
  })();
});

async function openStores() {
  const name = (kind: string): string => `${topicPrefix}.${kind}.v1`;
  if (brokers.length === 0) {
    const store = openEmbeddedStore(join(folder, 'ledger'));
    const logs = { log: store.log(name('ledger')), sessionLog: store.log(name('session')) };
    return { ...logs, vault: store.vault(), close: () => store.close() };
  }
  const copies = brokers.length;
  const ledgers = ['ledger', 'session'].map((kind) => ledgerTopicSpec(name(kind), copies));
  await ensureTopics({ brokers }, [...ledgers, vaultTopicSpec(name('vault'), copies)]);
  const kafkaLog = openKafkaLog({ brokers, topic: name('ledger') });
  const kafkaSessions = openKafkaLog({ brokers, topic: name('session') });
  const cacheDir = join(folder, 'vault-cache');
  const kafkaVault = openKafkaVault({ brokers, topic: name('vault'), cacheDir });
  const closeAll = async (): Promise<void> => {
    await kafkaLog.close();
    await kafkaSessions.close();
    await kafkaVault.close();
  };
  return { log: kafkaLog, sessionLog: kafkaSessions, vault: kafkaVault, close: closeAll };
}
