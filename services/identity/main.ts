import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createCallMetrics } from '#libs/grpc/call-metrics.js';
import { drain } from '#libs/grpc/drain.js';
import { Health } from '#libs/grpc/health.js';
import { listen } from '#libs/grpc/server.js';
import { serverTls, serverTlsFiles } from '#libs/grpc/tls.js';
import { Failure } from '#libs/errors/failure.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import type { VaultRef } from '#libs/events/catalogue.js';
import { openSnapshots } from '#libs/history/open-snapshots.js';
import { addSnapshotMetrics } from '#libs/history/snapshot-metrics.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { parseLedgerSecrets } from '#libs/ledger/ledger-secrets.js';
import { MacKeys } from '#libs/ledger/mac.js';
import type { Vault } from '#libs/ledger/vault.js';
import { systemClock, type Clock } from '#libs/runtime/clock.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import { createLogger, type Logger } from '#libs/runtime/log.js';
import { MasterKeys } from '#libs/runtime/master-keys.js';
import { createRegistry } from '#libs/runtime/metrics.js';
import { startOperationsServer } from '#libs/runtime/operations-server.js';
import type { Secret } from '#libs/runtime/secret.js';
import { startTracing } from '#libs/runtime/start-tracing.js';
import { Shutdown } from '#libs/runtime/shutdown.js';
import { Argon2Hasher } from '#services/identity/adapters/argon2-hasher.js';
import { BlindIndexes } from '#services/identity/adapters/blind-indexes.js';
import { commonPasswords } from '#services/identity/adapters/common-passwords.js';
import type { OutboxMessage } from '#services/identity/adapters/delivery/dev-outbox.js';
import { openDelivery, type OpenDelivery } from '#services/identity/adapters/delivery/open-delivery.js';
import { FirstKeyFile } from '#services/identity/adapters/first-key-file.js';
import { GuessLimits } from '#services/identity/adapters/guess-limits.js';
import { readOrCreateKey } from '#services/identity/adapters/key-file.js';
import { LmdbState } from '#services/identity/adapters/lmdb-state.js';
import { dropUnversionedState, stateFolder } from '#services/identity/adapters/state-versions.js';
import { ledgerName, openLedger } from '#libs/ledger/open-ledger.js';
import { SealedVault } from '#services/identity/adapters/sealed-vault.js';
import { hashThreads } from '#services/identity/adapters/thread-pool.js';
import { addPublisher } from '#services/identity/adapters/start-publisher.js';
import { watchTopics } from '#services/identity/adapters/topic-watch.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { announceMacKey } from '#services/identity/app/announce-mac-key.js';
import { bootstrap, type Bootstrap } from '#services/identity/app/bootstrap.js';
import { CallerGate } from '#services/identity/app/caller.js';
import { requireLedgerKey, requireMasterKey } from '#services/identity/app/check-keys.js';
import { defineBuiltIn } from '#services/identity/app/define-built-in.js';
import { EscalationGuard } from '#services/identity/app/escalation.js';
import { identityFacts } from '#services/identity/app/identity-fold.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { LedgerSession } from '#services/identity/app/ledger-session.js';
import { addLedgerMetrics, measureLedger } from '#services/identity/app/metrics.js';
import { reopen, type RestoredFrom } from '#services/identity/app/reopen.js';
import { openStreams } from '#services/identity/app/subscriptions/open-streams.js';
import { startUpkeep } from '#services/identity/app/upkeep.js';
import { SigningKeys } from '#services/identity/app/signing-keys.js';
import type { IdentityConfig } from '#services/identity/config.js';
import { evolve } from '#services/identity/domain/evolve.js';
import { keyrings, signingKeys } from '#services/identity/domain/signing-key/state.js';
import { tenants } from '#services/identity/domain/tenant/state.js';
import { trustedProxies } from '#services/identity/grpc/client-address.js';
import { identityServer, identityServices } from '#services/identity/grpc/identity-server.js';
import { PageTokens } from '#services/identity/grpc/page-tokens.js';

/** What a process that runs more than identity shares with it; whoever injects it closes it. */
export interface IdentityInjection {
  readonly log?: EventLog;
  readonly vault?: Vault;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Found the cluster when the ledger is empty. Default: only on the embedded log. */
  readonly bootstrap?: boolean;
  /** The ledger was restored up to here: begin a new epoch, and issue a first credential in it. */
  readonly reopen?: RestoredFrom;
  /** Told of each message that the outbox of a development installation keeps. */
  readonly onOutbox?: (message: OutboxMessage) => void;
}

export interface RunningIdentity {
  /** `host:port` that it listens on. */
  readonly address: string;
  readonly metricsPort: number | undefined;
  readonly clusterId: string;
  /** Only when this start founded the cluster, or opened a restored one. */
  readonly founded: Bootstrap | undefined;
  /** Drains, then closes everything it opened; false when calls had to be cut. */
  close(): Promise<boolean>;
}

const CLOSE_MS = 15_000;
const GRACE_MS = 5_000;
const HEALTH_MS = 250;

/** The keys of a process: from the configuration, or (embedded log only) from the data folder. */
function keysOf(config: IdentityConfig): { masterKeys: MasterKeys; macKeys: MacKeys } {
  const fromFile = (given: Secret | undefined, name: string, variable: string): Secret => {
    if (given !== undefined) return given;
    if (config.log === 'embedded') return readOrCreateKey(join(config.dataDir, 'keys', name));
    throw new Failure('MISCONFIGURED', `set ${variable} (or ${variable}_FILE)`);
  };
  const master = fromFile(config.masterKey, 'master.key', 'LEDGATE_MASTER_KEY');
  const ledger = fromFile(config.ledgerKey, 'ledger.key', 'LEDGATE_LEDGER_KEY');
  return {
    masterKeys: MasterKeys.parse(master),
    macKeys: new MacKeys(ledgerName(config), parseLedgerSecrets(ledger)),
  };
}

/** Starts identity and resolves once it serves. Rejects with MISCONFIGURED on any doubt. */
export async function startIdentity(
  config: IdentityConfig,
  injection: IdentityInjection = {},
): Promise<RunningIdentity> {
  const clock = injection.clock ?? systemClock;
  const logger = injection.logger ?? createLogger({ service: 'identity', level: config.logLevel });
  const shutdown = new Shutdown({ clock, log: logger, deadlineMs: CLOSE_MS });
  try {
    return await start(config, injection, { clock, logger, shutdown, onAlarm: new Set() });
  } catch (error) {
    await shutdown.run('start failed');
    throw error;
  }
}

interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
  /** Called with every alarm of the reader. */
  readonly onAlarm: Set<() => void>;
}

async function start(
  config: IdentityConfig,
  injection: IdentityInjection,
  surroundings: Surroundings,
): Promise<RunningIdentity> {
  const { clock, logger, shutdown } = surroundings;
  const { masterKeys, macKeys } = keysOf(config);
  const assembled = assemble(config, injection, surroundings, masterKeys, macKeys);
  const { hasher } = assembled;
  const { ledger } = assembled.parts;
  const registry = createRegistry('identity');
  addLedgerMetrics(registry, ledger, () => hasher.waiting);
  addSnapshotMetrics(registry, 'identity', ledger.snapshots);
  assembled.delivery.addMetrics(registry);
  const tracer = startTracing(config.otlpEndpoint, {
    service: 'ledgate-identity',
    registry,
    ...surroundings,
  });
  measureLedger(registry, ledger, clock, tracer);
  const parts: IdentityParts = { ...assembled.parts, tracer };
  const serving = { now: false };
  const metricsPort = await startOperations(config, parts, shutdown, registry, serving);
  if (injection.log === undefined) {
    shutdown.add('topics', await watchTopics(config, clock, logger));
  }
  const founded = await follow(parts, config, injection, masterKeys, macKeys);
  await hasher.dummyHash();
  const auditSeed = masterKeys.derive('audit signature');
  const checkpoints = startUpkeep(parts, config.tickMs, auditSeed, shutdown);
  const streams = openStreams(ledger, clock, registry, config.streams);
  const server = identityServer(
    {
      parts,
      wiring: { clock, ids: parts.ids, log: logger, metrics: createCallMetrics(registry), tracer },
      pages: new PageTokens(masterKeys.derive('page tokens')),
      guard: new EscalationGuard(ledger.state, () => ledger.fold.view, parts.clock),
      digestKey: masterKeys.derive('request digests'),
      proxies: trustedProxies(config.trustedProxies),
    },
    checkpoints,
    streams,
    config.reflection,
  );
  const health = new Health(server, identityServices);
  const tls = config.tls && (await serverTls(serverTlsFiles(config.tls), logger));
  if (tls) shutdown.add('tls', () => tls.close());
  const { address, allowPlaintext } = config;
  const port = await listen(server, { address, credentials: tls?.credentials, allowPlaintext });
  let clean = true;
  shutdown.add('grpc', async () => {
    const { drainNoticeMs: noticeMs } = config;
    clean = await drain({ server, health, clock, noticeMs, graceMs: GRACE_MS });
  });
  shutdown.add('streams', () => streams.close());
  addPublisher(config, ledger, surroundings, registry);
  shutdown.add('health', watchHealth(parts, health, surroundings.onAlarm));
  serving.now = true;
  shutdown.add('readiness', () => {
    serving.now = false;
  });
  const host = address.slice(0, address.lastIndexOf(':'));
  logger.info({ address: `${host}:${port}`, position: ledger.reader.position }, 'identity serves');
  return {
    address: `${host}:${port}`,
    metricsPort,
    clusterId: ledger.fold.cluster?.clusterId ?? '',
    founded,
    close: async () => (await shutdown.run('close')) && clean,
  };
}

/** Reads the ledger to its end, founds it where it is empty, and writes what this build brings. */
async function follow(
  parts: IdentityParts,
  config: IdentityConfig,
  injection: IdentityInjection,
  masterKeys: MasterKeys,
  macKeys: MacKeys,
): Promise<Bootstrap | undefined> {
  const { ledger, log } = parts;
  await ledger.start();
  requireLedgerKey(parts);
  const founded = await found(parts, config, injection, masterKeys, macKeys);
  if (ledger.fold.cluster === undefined) {
    throw new Failure('MISCONFIGURED', 'the ledger is empty: run "ledgate init" first');
  }
  await requireMasterKey(parts);
  const announced = await announceMacKey(ledger, macKeys);
  if (announced !== undefined) log.warn({ macKeyId: announced }, 'a new ledger key is in force');
  const completed = await defineBuiltIn(ledger);
  if (completed > 0) log.info({ tenants: completed }, 'permissions of this build were defined');
  return founded;
}

/** Opens the stores and puts the parts together; the ledger is not read yet. */
function assemble(
  config: IdentityConfig,
  injection: IdentityInjection,
  { clock, logger, shutdown, onAlarm }: Surroundings,
  masterKeys: MasterKeys,
  macKeys: MacKeys,
): { parts: IdentityParts; hasher: Argon2Hasher; delivery: OpenDelivery } {
  const ids = createIds(clock, systemRandom);
  const { log, vault } = stores(config, injection, logger, shutdown);
  dropUnversionedState(config.dataDir);
  const state = new LmdbState(stateFolder(config.dataDir));
  const onTrouble = (trouble: object): void => logger.warn({ trouble }, 'trouble with a snapshot');
  const snapshotsOf = { kind: 'identity', facts: identityFacts, macKeys };
  const ledger = new LedgerSession({
    log,
    state,
    evolve,
    macKeys,
    snapshots: openSnapshots(config, snapshotsOf, clock, onTrouble),
    clock,
    ids,
    random: systemRandom,
    onAlarm: (alarm) => {
      logger.error({ alarm }, 'ledger alarm');
      for (const listener of onAlarm) listener();
    },
    onFence: (why) => logger.warn({ why }, 'the outcome of an append is unknown: fencing'),
  });
  shutdown.add('ledger', () => ledger.close());
  const documents = documentsOf(state);
  const secrets = new SealedVault(vault, masterKeys, ids);
  const { parallel, advice } = hashThreads(
    availableParallelism(),
    process.env['UV_THREADPOOL_SIZE'],
  );
  if (advice !== undefined) logger.warn(advice);
  const { memoryKib: memoryCost, passes: timeCost } = config.argon2;
  const cost = { memoryCost, timeCost, parallelism: 1 };
  const hasher = new Argon2Hasher({ clock, parallel, cost });
  const { issuer, audiences, maxStalenessMs } = config;
  const { dataDir } = config;
  const { onOutbox } = injection;
  const delivery = openDelivery(config.delivery, { clock, ids, log: logger, dataDir, onOutbox });
  shutdown.add('delivery', () => delivery.close());
  const parts: IdentityParts = {
    ledger,
    gate: new CallerGate(ledger, issuer, audiences),
    secrets,
    blobs: vault,
    loginNames: new BlindIndexes(secrets, (tenant) => tenantKey(documents, tenant)),
    hasher,
    limits: new GuessLimits({
      clock,
      sourceBurst: config.loginsPerSource.burst,
      sourcePerSecond: config.loginsPerSource.perSecond,
      accountBurst: config.guessesPerAccount.burst,
      accountPerSecond: config.guessesPerAccount.perMinute / 60,
    }),
    blockList: commonPasswords,
    delivery,
    signingKeys: new SigningKeys(secrets, () => {
      const kid = keyrings.read(documents, '', issuer)?.active;
      const key = kid === undefined ? undefined : signingKeys.read(documents, '', kid);
      return kid === undefined || key === undefined ? undefined : { ...key, kid };
    }),
    clock,
    ids,
    random: systemRandom,
    log: logger,
    issuer,
    audiences,
    maxStalenessMs,
  };
  return { parts, hasher, delivery };
}

function stores(
  config: IdentityConfig,
  injection: IdentityInjection,
  logger: Logger,
  shutdown: Shutdown,
): { readonly log: EventLog; readonly vault: Vault } {
  const { log, vault } = injection;
  if (log !== undefined && vault !== undefined) return { log, vault };
  const opened = openLedger(config, (trouble) => logger.warn({ trouble }, 'trouble with Kafka'));
  shutdown.add('stores', () => opened.close());
  return opened;
}

/** Founds the cluster on an empty ledger, and keeps the first credential where its owner finds it. */
async function found(
  parts: IdentityParts,
  config: IdentityConfig,
  injection: IdentityInjection,
  masterKeys: MasterKeys,
  macKeys: MacKeys,
): Promise<Bootstrap | undefined> {
  const firstKey = new FirstKeyFile(config.dataDir);
  if (injection.reopen !== undefined) {
    const reopened = await reopen(parts, injection.reopen, firstKey);
    if (reopened !== undefined) firstKey.confirm();
    return reopened;
  }
  if (!(injection.bootstrap ?? config.log === 'embedded')) return undefined;
  const founded = await bootstrap(parts, {
    firstKey,
    ledger: ledgerName(config),
    macKeys,
    auditSeed: masterKeys.derive('audit signature'),
    createdBy: 'ledgate identity',
  });
  if (founded === undefined) return undefined;
  firstKey.confirm();
  const { path } = firstKey;
  parts.log.info({ path }, 'cluster founded; the first API key is in this file: move it away');
  return founded;
}

/** Looks again and again, and at once after an alarm. */
function watchHealth(parts: IdentityParts, health: Health, onAlarm: Set<() => void>): () => void {
  const { clock, ledger, maxStalenessMs } = parts;
  let cancel = (): void => {};
  const look = (): void => {
    cancel();
    health.set(troubleOf(ledger, maxStalenessMs).length === 0);
    cancel = clock.after(HEALTH_MS, look);
  };
  look();
  onAlarm.add(look);
  return () => {
    onAlarm.delete(look);
    cancel();
  };
}

function troubleOf(ledger: LedgerSession, maxStalenessMs: number): readonly string[] {
  const { state } = ledger.reader;
  if (state !== 'following') return [`ledger: ${state}`];
  return ledger.reader.stalenessMs() > maxStalenessMs ? ['ledger: stale'] : [];
}

/** Opened before the ledger is read, which may take long: whoever waits can see how far it is. */
async function startOperations(
  config: IdentityConfig,
  parts: IdentityParts,
  shutdown: Shutdown,
  registry: ReturnType<typeof createRegistry>,
  serving: { readonly now: boolean },
): Promise<number | undefined> {
  const { metricsAddress, maxStalenessMs } = config;
  if (metricsAddress === undefined) return undefined;
  const colon = metricsAddress.lastIndexOf(':');
  const { ledger } = parts;
  const operations = await startOperationsServer({
    host: metricsAddress.slice(0, colon).replace(/^\[|\]$/gu, ''),
    port: Number(metricsAddress.slice(colon + 1)),
    registry,
    notAlive: () => (ledger.reader.state === 'stopped' ? ['ledger: stopped'] : []),
    notReady: () => [...(serving.now ? [] : ['not serving']), ...troubleOf(ledger, maxStalenessMs)],
  });
  shutdown.add('operations', () => operations.close());
  return operations.port;
}

function tenantKey(documents: DocumentReader, tenant: string): VaultRef | undefined {
  return tenants.read(documents, tenant, tenant)?.blindIndexKey;
}
