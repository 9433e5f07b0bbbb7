import { z } from 'zod';
import {
  decisionLogFrom,
  decisionLogVariables,
  type DecisionLogConfig,
} from '#services/authorizer/config-decision-log.js';
import { ledgerPlaceFrom, ledgerVariables, type LedgerPlace } from '#libs/ledger/ledger-place.js';
import { ConfigError, readEnv } from '#libs/runtime/env.js';
import { count, durationMs, flag, hostPort, list, secret } from '#libs/runtime/env-types.js';
import type { Secret } from '#libs/runtime/secret.js';
import { otlpEndpointFrom, tracingVariables } from '#libs/runtime/start-tracing.js';
import { tlsPathsFrom, tlsVariables, type TlsPaths } from '#libs/runtime/tls-paths.js';

/** Everything an authorizer can be told. Times in ms. */
export interface AuthorizerConfig extends LedgerPlace {
  readonly address: string;
  /** Operations port (`/metrics`, `/healthz`, `/readyz`); absent: none. */
  readonly metricsAddress: string | undefined;
  /** Identity, for HTTP Basic and `fully_consistent`; absent: neither is answered. */
  readonly identity: { readonly address: string; readonly credential: Secret } | undefined;
  /** `host:port` of every identity that is watched for revocations; default: `identity`. */
  readonly revocationFeeds?: readonly string[];
  readonly tls: TlsPaths | undefined;
  readonly allowPlaintext: boolean;
  readonly issuer: string;
  /** Audiences of the tokens that are accepted here. */
  readonly audiences: readonly string[];
  readonly reflection: boolean;
  readonly softStalenessMs: number;
  readonly hardStalenessMs: number;
  /** For permissions of risk SENSITIVE. */
  readonly sensitiveStalenessMs: number;
  readonly maxConnections: number;
  readonly drainNoticeMs: number;
  /** Absent: decisions are not written down. */
  readonly decisionLog?: DecisionLogConfig;
  /** Base of an OTLP/HTTP receiver of spans; absent: no spans. */
  readonly otlpEndpoint?: string | undefined;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
}

/** The names an authorizer reads; other parts of one process must know them (`alsoKnown`). */
export const authorizerVariables = {
  ...ledgerVariables,
  ...tlsVariables,
  ...tracingVariables,
  ...decisionLogVariables,
  LEDGATE_AUTHORIZER_ADDR: hostPort().default('127.0.0.1:7402'),
  LEDGATE_METRICS_ADDR: hostPort().optional(),
  LEDGATE_IDENTITY_URL: hostPort().optional(),
  LEDGATE_IDENTITY_CREDENTIAL: secret().optional(),
  LEDGATE_REVOCATION_FEEDS: list().optional(),
  LEDGATE_ALLOW_PLAINTEXT: flag().default(false),
  LEDGATE_ISSUER: z.url(),
  LEDGATE_AUDIENCE: list(),
  LEDGATE_REFLECTION: flag().default(false),
  LEDGATE_SOFT_STALENESS: durationMs(1_000).default(10_000),
  LEDGATE_HARD_STALENESS: durationMs(2_000).default(300_000),
  LEDGATE_SENSITIVE_STALENESS: durationMs(2_000).default(15_000),
  LEDGATE_MAX_CONNECTIONS: count(1, 1_000_000).default(4_096),
  LEDGATE_DRAIN_NOTICE: durationMs(0, 60_000).default(0),
  LEDGATE_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info'),
};

/**
 * Reads the environment. There is no start without issuer and audience (RFC 8725, 3.8 and 3.9).
 *
 * @throws ConfigError with every problem at once.
 */
export function authorizerConfigFromEnv(
  options: Parameters<typeof readEnv>[1] = {},
): AuthorizerConfig {
  const env = readEnv(authorizerVariables, options);
  const { LEDGATE_IDENTITY_URL: identity, LEDGATE_IDENTITY_CREDENTIAL: credential } = env;
  const decisionLog = decisionLogFrom(env, env.LEDGATE_LOG);
  if (decisionLog.problems.length > 0) throw new ConfigError(decisionLog.problems);
  return {
    ...ledgerPlaceFrom(env),
    decisionLog: decisionLog.config,
    address: env.LEDGATE_AUTHORIZER_ADDR,
    metricsAddress: env.LEDGATE_METRICS_ADDR,
    identity:
      identity === undefined || credential === undefined
        ? undefined
        : { address: identity, credential },
    revocationFeeds: env.LEDGATE_REVOCATION_FEEDS ?? (identity === undefined ? [] : [identity]),
    tls: tlsPathsFrom(env),
    allowPlaintext: env.LEDGATE_ALLOW_PLAINTEXT,
    issuer: env.LEDGATE_ISSUER,
    audiences: env.LEDGATE_AUDIENCE,
    reflection: env.LEDGATE_REFLECTION,
    softStalenessMs: env.LEDGATE_SOFT_STALENESS,
    hardStalenessMs: env.LEDGATE_HARD_STALENESS,
    sensitiveStalenessMs: env.LEDGATE_SENSITIVE_STALENESS,
    maxConnections: env.LEDGATE_MAX_CONNECTIONS,
    drainNoticeMs: env.LEDGATE_DRAIN_NOTICE,
    otlpEndpoint: otlpEndpointFrom(env),
    logLevel: env.LEDGATE_LOG_LEVEL,
  };
}
