import {
  assembleParts,
  type AssembledParts,
  type SharedParts,
  type Surroundings,
} from '#services/identity/adapters/assemble-parts.js';
import { createCallMetrics } from '#libs/grpc/call-metrics.js';
import { drain } from '#libs/grpc/drain.js';
import { Health } from '#libs/grpc/health.js';
import { listen } from '#libs/grpc/server.js';
import { serverTls, serverTlsFiles } from '#libs/grpc/tls.js';
import { addSnapshotMetrics } from '#libs/history/snapshot-metrics.js';
import { defaultSessionRetentionMs } from '#libs/ledger/ledger-place.js';
import { systemClock, type Clock } from '#libs/runtime/clock.js';
import { createLogger, type Logger } from '#libs/runtime/log.js';
import { createRegistry } from '#libs/runtime/metrics.js';
import { startTracing } from '#libs/runtime/start-tracing.js';
import { Shutdown } from '#libs/runtime/shutdown.js';
import { addPublisher } from '#services/identity/adapters/start-publisher.js';
import { followLedgers, type Founding } from '#services/identity/adapters/follow-ledgers.js';
import { startOperations, watchHealth } from '#services/identity/adapters/identity-health.js';
import { processKeys } from '#services/identity/adapters/process-keys.js';
import { watchTopics } from '#services/identity/adapters/topic-watch.js';
import type { Bootstrap } from '#services/identity/app/bootstrap.js';
import { EscalationGuard } from '#services/identity/app/escalation.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { addLedgerMetrics, measureLedgers } from '#services/identity/app/metrics.js';
import { openStreams } from '#services/identity/app/subscriptions/open-streams.js';
import { startUpkeep } from '#services/identity/app/upkeep.js';
import type { IdentityConfig } from '#services/identity/config.js';
import type { MasterKeys } from '#libs/runtime/master-keys.js';
import type { Admission } from '#services/identity/grpc/admission.js';
import { trustedProxies } from '#services/identity/grpc/client-address.js';
import { identityServer, identityServices } from '#services/identity/grpc/identity-server.js';
import { startHttp } from '#services/identity/http/start-http.js';
import { PageTokens } from '#services/identity/grpc/page-tokens.js';

/** What a process that runs more than identity shares with it; whoever injects it closes it. */
export interface IdentityInjection extends Founding, SharedParts {
  readonly clock?: Clock;
  readonly logger?: Logger;
}

export interface RunningIdentity {
  /** `host:port` that it listens on. */
  readonly address: string;
  /** The same of OAuth and the pages. */
  readonly http: string | undefined;
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

/** The parts, with what is measured of them. */
function measured(
  { parts, hasher, delivery }: AssembledParts,
  { otlpEndpoint }: IdentityConfig,
  registry: ReturnType<typeof createRegistry>,
  surroundings: Surroundings,
): IdentityParts {
  addLedgerMetrics(registry, parts, () => hasher.waiting);
  addSnapshotMetrics(registry, 'identity', parts.ledger.snapshots);
  delivery.addMetrics(registry);
  const service = { service: 'ledgate-identity', registry, ...surroundings };
  const tracer = startTracing(otlpEndpoint, service);
  measureLedgers(registry, parts, surroundings.clock, tracer);
  return { ...parts, tracer };
}

function admissionOf(
  parts: IdentityParts,
  config: IdentityConfig,
  masterKeys: MasterKeys,
  registry: ReturnType<typeof createRegistry>,
): Admission {
  const { clock, ids, log, tracer, ledger } = parts;
  return {
    parts,
    wiring: { clock, ids, log, metrics: createCallMetrics(registry), tracer },
    pages: new PageTokens(masterKeys.derive('page tokens')),
    guard: new EscalationGuard(ledger.state, () => ledger.fold.view, clock),
    digestKey: masterKeys.derive('request digests'),
    proxies: trustedProxies(config.trustedProxies),
  };
}

async function start(
  config: IdentityConfig,
  injection: IdentityInjection,
  surroundings: Surroundings,
): Promise<RunningIdentity> {
  const { clock, logger, shutdown } = surroundings;
  const { masterKeys, macKeys } = processKeys(config);
  const assembled = assembleParts(config, injection, surroundings, masterKeys, macKeys);
  const { hasher } = assembled;
  const { ledger } = assembled.parts;
  const registry = createRegistry('identity');
  const parts = measured(assembled, config, registry, surroundings);
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
  const followed = await followLedgers(parts, config, injection, masterKeys, macKeys);
  const { founded } = followed;
  shutdown.add('level', () => followed.stop());
  await hasher.dummyHash();
  const auditSeed = masterKeys.derive('audit signature');
  const retentionMs = config.sessionRetentionMs ?? defaultSessionRetentionMs;
  const checkpoints = startUpkeep(parts, config.tickMs, auditSeed, retentionMs, shutdown);
  const streams = openStreams(parts, clock, registry, config.streams);
  const server = identityServer(
    admissionOf(parts, config, masterKeys, registry),
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
  const http = await startHttp(config, parts, masterKeys, shutdown, serving);
  addPublisher(config, parts, surroundings, registry);
  shutdown.add('health', watchHealth(parts, health, surroundings.onAlarm));
  serving.now = true;
  shutdown.add('readiness', () => {
    serving.now = false;
  });
  const host = address.slice(0, address.lastIndexOf(':'));
  logger.info({ address: `${host}:${port}`, position: ledger.reader.position }, 'identity serves');
  return {
    address: `${host}:${port}`,
    http,
    metricsPort,
    clusterId: ledger.fold.cluster?.clusterId ?? '',
    founded,
    close: async () => (await shutdown.run('close')) && clean,
  };
}
