import { availableParallelism } from 'node:os';
import { createCallMetrics } from '#libs/grpc/call-metrics.js';
import { drain } from '#libs/grpc/drain.js';
import { Health } from '#libs/grpc/health.js';
import { listen } from '#libs/grpc/server.js';
import { serverTls, serverTlsFiles } from '#libs/grpc/tls.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import type { VaultRef } from '#libs/events/catalogue.js';
import { addSnapshotMetrics } from '#libs/history/snapshot-metrics.js';
import { systemClock, type Clock } from '#libs/runtime/clock.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import { createLogger, type Logger } from '#libs/runtime/log.js';
import { MasterKeys } from '#libs/runtime/master-keys.js';
import { createRegistry } from '#libs/runtime/metrics.js';
import { startTracing } from '#libs/runtime/start-tracing.js';
import { Shutdown } from '#libs/runtime/shutdown.js';
import { Argon2Hasher } from '#services/identity/adapters/argon2-hasher.js';
import { BlindIndexes } from '#services/identity/adapters/blind-indexes.js';
import { commonPasswords } from '#services/identity/adapters/common-passwords.js';
import type { OutboxMessage } from '#services/identity/adapters/delivery/dev-outbox.js';
import {
  openDelivery,
  type OpenDelivery,
} from '#services/identity/adapters/delivery/open-delivery.js';
import { GuessLimits } from '#services/identity/adapters/guess-limits.js';
import { SealedVault } from '#services/identity/adapters/sealed-vault.js';
import { hashThreads } from '#services/identity/adapters/thread-pool.js';
import { addPublisher } from '#services/identity/adapters/start-publisher.js';
import { followLedgers, type Founding } from '#services/identity/adapters/follow-ledgers.js';
import { startOperations, watchHealth } from '#services/identity/adapters/identity-health.js';
import {
  openLedgers,
  openStores,
  type LedgerKeys,
  type LedgerStores,
} from '#services/identity/adapters/open-ledgers.js';
import { processKeys } from '#services/identity/adapters/process-keys.js';
import { watchTopics } from '#services/identity/adapters/topic-watch.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import type { Bootstrap } from '#services/identity/app/bootstrap.js';
import { CallerGate } from '#services/identity/app/caller.js';
import { EscalationGuard } from '#services/identity/app/escalation.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { addLedgerMetrics, measureLedgers } from '#services/identity/app/metrics.js';
import { openStreams } from '#services/identity/app/subscriptions/open-streams.js';
import { startUpkeep } from '#services/identity/app/upkeep.js';
import { SigningKeys } from '#services/identity/app/signing-keys.js';
import type { IdentityConfig } from '#services/identity/config.js';
import { keyrings, signingKeys } from '#services/identity/domain/signing-key/state.js';
import { tenants } from '#services/identity/domain/tenant/state.js';
import { trustedProxies } from '#services/identity/grpc/client-address.js';
import { identityServer, identityServices } from '#services/identity/grpc/identity-server.js';
import { PageTokens } from '#services/identity/grpc/page-tokens.js';

/** What a process that runs more than identity shares with it; whoever injects it closes it. */
export interface IdentityInjection extends Founding, Partial<LedgerStores> {
  readonly clock?: Clock;
  readonly logger?: Logger;
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
  const { masterKeys, macKeys } = processKeys(config);
  const assembled = assemble(config, injection, surroundings, masterKeys, macKeys);
  const { hasher } = assembled;
  const { ledger } = assembled.parts;
  const registry = createRegistry('identity');
  addLedgerMetrics(registry, assembled.parts, () => hasher.waiting);
  addSnapshotMetrics(registry, 'identity', ledger.snapshots);
  assembled.delivery.addMetrics(registry);
  const tracer = startTracing(config.otlpEndpoint, {
    service: 'ledgate-identity',
    registry,
    ...surroundings,
  });
  measureLedgers(registry, assembled.parts, clock, tracer);
  const parts: IdentityParts = { ...assembled.parts, tracer };
  const serving = { now: false };
  const metricsPort = await startOperations(
    config.metricsAddress,
    parts,
    shutdown,
    registry,
    serving,
  );
  if (injection.log === undefined) {
    shutdown.add('topics', await watchTopics(config, clock, logger));
  }
  const { founded, stop } = await followLedgers(parts, config, injection, masterKeys, macKeys);
  shutdown.add('level', stop);
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

/** Opens the stores and puts the parts together; the ledger is not read yet. */
function assemble(
  config: IdentityConfig,
  injection: IdentityInjection,
  { clock, logger, shutdown, onAlarm }: Surroundings,
  masterKeys: MasterKeys,
  macKeys: LedgerKeys,
): { parts: IdentityParts; hasher: Argon2Hasher; delivery: OpenDelivery } {
  const ids = createIds(clock, systemRandom);
  const stores = openStores(config, injection, { logger, shutdown });
  const { ledger, sessions } = openLedgers(config, stores, macKeys, {
    clock,
    logger,
    shutdown,
    ids,
    onAlarm,
  });
  const { vault } = stores;
  const documents = documentsOf(ledger.state);
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
    sessions,
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

function tenantKey(documents: DocumentReader, tenant: string): VaultRef | undefined {
  return tenants.read(documents, tenant, tenant)?.blindIndexKey;
}
