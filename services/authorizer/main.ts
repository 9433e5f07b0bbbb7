import { createCallMetrics } from '#libs/grpc/call-metrics.js';
import { drain } from '#libs/grpc/drain.js';
import { Health } from '#libs/grpc/health.js';
import { listen } from '#libs/grpc/server.js';
import { clientTls, serverTls, serverTlsFiles } from '#libs/grpc/tls.js';
import { addSnapshotMetrics } from '#libs/history/snapshot-metrics.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { LedgerMeter } from '#libs/ledger/ledger-meter.js';
import { systemClock, type Clock } from '#libs/runtime/clock.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import { addFollowedLedgerMetrics, addRevocationMetrics } from '#libs/runtime/ledger-metrics.js';
import { createLogger, type Logger } from '#libs/runtime/log.js';
import { addGauge, createRegistry } from '#libs/runtime/metrics.js';
import { startOperationsServer } from '#libs/runtime/operations-server.js';
import { Shutdown } from '#libs/runtime/shutdown.js';
import { startTracing } from '#libs/runtime/start-tracing.js';
import type { Tracer } from '#libs/runtime/tracer.js';
import {
  assemble,
  type AuthorizerApp,
  type Ingredients,
} from '#services/authorizer/app/assemble.js';
import { openSinks } from '#services/authorizer/app/decision-log/open-sinks.js';
import { openFollowed, type FollowedLedgers } from '#services/authorizer/app/followed-ledgers.js';
import type { LedgerView } from '#services/authorizer/app/ledger-view.js';
import { addAuthorizerMetrics } from '#services/authorizer/app/metrics.js';
import type { AuthorizerConfig } from '#services/authorizer/config.js';
import {
  authorizerServer,
  authorizerServices,
} from '#services/authorizer/grpc/authorizer-server.js';
import type { AnsweredCalls } from '#services/authorizer/grpc/hot-methods.js';
import { RevocationFeed } from '#services/authorizer/grpc/revocation-feed.js';
import { IdentityClient } from '#services/authorizer/grpc/identity-client.js';
import type { LedgerId } from '#libs/ledger/ledger-place.js';
import { openLog } from '#libs/ledger/open-ledger.js';

/** What a process that runs more than an authorizer shares with it; whoever injects it closes it. */
export interface AuthorizerInjection {
  /** Ledger L. */
  readonly log?: EventLog;
  /** Ledger S. */
  readonly sessionLog?: EventLog;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

export interface RunningAuthorizer {
  /** `host:port` that it listens on. */
  readonly address: string;
  readonly metricsPort: number | undefined;
  /** Drains, then closes everything it opened; false when calls had to be cut. */
  close(): Promise<boolean>;
}

const closeMs = 15_000;
const graceMs = 5_000;
const healthMs = 250;
const sweepMs = 60_000;
const decisionLogCloseMs = 4_000;

type Followed = Pick<FollowedLedgers, 'reader' | 'fold' | 'sessions'>;

interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
  readonly registry: ReturnType<typeof createRegistry>;
}

/**
 * Starts an authorizer. It listens at once (NOT_READY, not serving) and resolves when it has reached
 * the end of the ledger. Rejects with MISCONFIGURED on any doubt, or with why it cannot read on.
 */
export async function startAuthorizer(
  config: AuthorizerConfig,
  injection: AuthorizerInjection = {},
): Promise<RunningAuthorizer> {
  const clock = injection.clock ?? systemClock;
  const { logLevel: level } = config;
  const logger = injection.logger ?? createLogger({ service: 'authorizer', level });
  const shutdown = new Shutdown({ clock, log: logger, deadlineMs: closeMs });
  try {
    const registry = createRegistry('authorizer');
    return await start(config, injection, { clock, logger, shutdown, registry });
  } catch (error) {
    await shutdown.run('start failed');
    throw error;
  }
}

async function start(
  config: AuthorizerConfig,
  injected: Pick<AuthorizerInjection, 'log' | 'sessionLog'>,
  surroundings: Surroundings,
): Promise<RunningAuthorizer> {
  const { clock, logger, shutdown } = surroundings;
  const log = injected.log ?? ownLog(config, 'L', surroundings);
  const sessionLog = injected.sessionLog ?? ownLog(config, 'S', surroundings);
  const ledgers = openFollowed(config, { log, sessionLog }, surroundings);
  const { reader, fold, sessions, snapshots } = ledgers;
  const parts = { log, reader, fold, sessions };
  const app = await assembleApp(config, parts, surroundings);
  addDecisionLog(app, surroundings);
  const answered: AnsweredCalls = new Map();
  addAuthorizerMetrics(surroundings.registry, { ...app, answered });
  addSnapshotMetrics(surroundings.registry, 'authorizer', snapshots);
  const tracer = measureLedgers(config, ledgers, surroundings);
  const { port, clean, look } = await serve(config, app, { answered, tracer }, surroundings);
  const metricsPort = await startOperations(config, app.ledger, surroundings);
  await ledgers.start();
  look();
  const host = config.address.slice(0, config.address.lastIndexOf(':'));
  const address = `${host}:${port}`;
  logger.info({ address, position: reader.position }, 'authorizer serves');
  shutdown.add(
    'sweeps',
    repeat(clock, sweepMs, () => {
      app.sweep();
      fold.early.sweep(clock.wallMs());
    }),
  );
  return {
    address,
    metricsPort,
    close: async () => (await shutdown.run('close')) && clean(),
  };
}

/** Everything that is timed and traced about the ledger; the tracer for the calls. */
function measureLedgers(
  { otlpEndpoint }: AuthorizerConfig,
  { reader, fold, sessions, sessionReader }: FollowedLedgers,
  { clock, logger, shutdown, registry }: Surroundings,
): Tracer | undefined {
  const service = 'ledgate-authorizer';
  const tracer = startTracing(otlpEndpoint, { service, clock, logger, registry, shutdown });
  const onRevoked = addRevocationMetrics(registry);
  const numbers = (
    [
      ['L', reader],
      ['S', sessionReader],
    ] as const
  ).map(([ledger, followed]) => {
    const revoked = onRevoked(ledger);
    const meter = new LedgerMeter({ ledger, reader: followed, clock, tracer, onRevoked: revoked });
    return {
      ledger,
      lag: () => followed.lag,
      stalenessMs: () => followed.stalenessMs(),
      verdicts: () => meter.verdicts,
    };
  });
  const count = (): number => (sessions.counts(fold.featureLevel) ? 2 : 1);
  addFollowedLedgerMetrics(registry, () => numbers.slice(0, count()));
  return tracer;
}

function ownLog(
  config: AuthorizerConfig,
  ledger: LedgerId,
  { logger, shutdown }: Surroundings,
): EventLog {
  const onTrouble = (trouble: object): void => logger.warn({ trouble }, 'trouble with Kafka');
  const log = openLog(config, onTrouble, ledger);
  shutdown.add(`log ${ledger}`, () => log.close());
  return log;
}

async function assembleApp(
  config: AuthorizerConfig,
  ledger: Pick<Ingredients, 'log'> & Followed,
  surroundings: Surroundings,
): Promise<AuthorizerApp> {
  const identity = await connectIdentity(config, ledger, surroundings);
  const decisionLog = await openDecisionLog(config, surroundings);
  return assemble({
    ...ledger,
    ...(decisionLog && { decisionLog }),
    limits: {
      softMs: config.softStalenessMs,
      hardMs: config.hardStalenessMs,
      sensitiveMs: config.sensitiveStalenessMs,
    },
    identity,
    issuer: config.issuer,
    audiences: config.audiences,
    clock: surroundings.clock,
    random: systemRandom,
  });
}

const bytesOfLine = 2_048;

async function openDecisionLog(
  config: AuthorizerConfig,
  { logger }: Surroundings,
): Promise<Ingredients['decisionLog']> {
  const { sinks: settings = [], sample = 0, bufferLines: lines = 0 } = config.decisionLog ?? {};
  if (settings.length === 0) return undefined;
  const sinks = await openSinks(settings, config);
  const onTrouble = (sink: string, error: unknown): void =>
    logger.warn({ sink, err: error }, 'the decision log could not be written');
  return { sinks, sample, most: { lines, bytes: lines * bytesOfLine }, onTrouble };
}

/** Closed after the server: what it answered last is written, too. */
function addDecisionLog({ decisionLog }: AuthorizerApp, { shutdown, logger }: Surroundings): void {
  if (decisionLog === undefined) return;
  shutdown.add('decision log', async () => {
    const lost = await decisionLog.close(decisionLogCloseMs);
    if (lost > 0) logger.error({ lost }, 'lines of the decision log were lost');
  });
}

async function connectIdentity(
  { identity, revocationFeeds = [], tls, allowPlaintext }: AuthorizerConfig,
  { fold, reader, sessions }: Followed,
  { clock, logger, shutdown, registry }: Surroundings,
): Promise<IdentityClient | undefined> {
  if (identity === undefined) return undefined;
  const { certFile = '', keyFile = '', caFile } = tls ?? {};
  const authority = caFile === undefined ? {} : { caFile };
  const files = { certFile, keyFile, ...authority };
  const secured = tls === undefined ? undefined : await clientTls(files, logger);
  if (secured) shutdown.add('identity tls', () => secured.close());
  const credentials = secured?.credentials;
  const client = new IdentityClient({ ...identity, credentials, allowPlaintext }, clock);
  shutdown.add('identity', () => client.close());
  const { credential } = identity;
  const onTrouble = (address: string, err: unknown): void =>
    logger.warn({ address, err }, 'an identity cannot be watched for revocations');
  const { early: access } = fold;
  const { early: denies } = sessions.fold;
  const heeded = { denies, access, position: () => reader.position };
  const common = { credentials, allowPlaintext, credential, ...heeded, clock, onTrouble };
  const feeds = revocationFeeds.map((address) => new RevocationFeed({ ...common, address }));
  for (const feed of feeds) shutdown.add('revocation feed', () => feed.close());
  addGauge(registry, 'ledgate_authorizer_revocation_feeds', 'Identities that are watched.', () => {
    return feeds.filter(({ connected }) => connected).length;
  });
  addGauge(
    registry,
    'ledgate_authorizer_early_denies',
    'Revocations heeded from identities, before the ledger said them.',
    () => denies.size + access.size,
  );
  return client;
}

async function serve(
  config: AuthorizerConfig,
  app: AuthorizerApp,
  { answered, tracer }: { answered: AnsweredCalls; tracer: Tracer | undefined },
  { clock, logger, shutdown, registry }: Surroundings,
): Promise<{ port: number; clean: () => boolean; look: () => void }> {
  const { reflection, maxConnections, address, allowPlaintext, tls } = config;
  const ids = createIds(clock, systemRandom);
  const wiring = { clock, ids, log: logger, metrics: createCallMetrics(registry), tracer };
  const server = authorizerServer(app, wiring, { reflection, maxConnections, answered });
  const health = new Health(server, authorizerServices);
  const secured = tls && (await serverTls(serverTlsFiles(tls), logger));
  if (secured) shutdown.add('tls', () => secured.close());
  const port = await listen(server, { address, credentials: secured?.credentials, allowPlaintext });
  let clean = true;
  shutdown.add('grpc', async () => {
    clean = await drain({ server, health, clock, noticeMs: config.drainNoticeMs, graceMs });
  });
  const look = (): void => health.set(app.ledger.notReady().length === 0);
  shutdown.add('health', repeat(clock, healthMs, look));
  return { port, clean: () => clean, look };
}

async function startOperations(
  { metricsAddress }: AuthorizerConfig,
  ledger: LedgerView,
  { shutdown, registry }: Surroundings,
): Promise<number | undefined> {
  if (metricsAddress === undefined) return undefined;
  const colon = metricsAddress.lastIndexOf(':');
  const operations = await startOperationsServer({
    host: metricsAddress.slice(0, colon).replace(/^\[|\]$/gu, ''),
    port: Number(metricsAddress.slice(colon + 1)),
    registry,
    notAlive: () => (ledger.reader.state === 'stopped' ? ['ledger: stopped'] : []),
    notReady: () => ledger.notReady(),
  });
  shutdown.add('operations', () => operations.close());
  return operations.port;
}

/** Runs now and every `everyMs`, until the function returned is called. */
function repeat(clock: Clock, everyMs: number, run: () => void): () => void {
  let cancel = (): void => {};
  const again = (): void => {
    run();
    cancel = clock.after(everyMs, again);
  };
  again();
  return () => cancel();
}
