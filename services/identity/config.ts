import { z } from 'zod';
import { publicFormats, type PublicFormat } from '#libs/events/cloud-event.js';
import { ledgerPlaceFrom, ledgerVariables, type LedgerPlace } from '#libs/ledger/ledger-place.js';
import { readEnv } from '#libs/runtime/env.js';
import { count, durationMs, flag, hostPort, list, secret } from '#libs/runtime/env-types.js';
import type { Secret } from '#libs/runtime/secret.js';
import { otlpEndpointFrom, tracingVariables } from '#libs/runtime/start-tracing.js';
import { tlsPathsFrom, tlsVariables, type TlsPaths } from '#libs/runtime/tls-paths.js';
import {
  deliveryFrom,
  deliveryVariables,
  type DeliveryConfig,
} from '#services/identity/config-delivery.js';

/** Everything identity can be told. Times in ms. */
export interface IdentityConfig extends LedgerPlace {
  readonly address: string;
  /** `host:port` of OAuth, OpenID Connect and the pages, under the name of the issuer; absent: none. */
  readonly httpAddress?: string | undefined;
  /** Operations port (`/metrics`, `/healthz`, `/readyz`); absent: none. */
  readonly metricsAddress: string | undefined;
  /** Absent: a random one in the data folder (embedded log only). */
  readonly masterKey: Secret | undefined;
  readonly tls: TlsPaths | undefined;
  readonly allowPlaintext: boolean;
  readonly issuer: string;
  /** The first is the default of new tokens and the one that callers of identity itself present. */
  readonly audiences: readonly string[];
  /** Where the pages are that mailed links lead to. Default: the issuer. */
  readonly publicUrl?: string | undefined;
  /** Where passkeys work. Default: host and origin of the public URL. */
  readonly passkeys?:
    | { readonly relyingParty?: string | undefined; readonly origins: readonly string[] }
    | undefined;
  /** Upstream providers may be at private addresses, and without TLS there. Default: no. */
  readonly upstreamPrivate?: boolean | undefined;
  readonly reflection: boolean;
  /** Addresses and networks whose `x-forwarded-for` counts, for the brakes on guessing. */
  readonly trustedProxies: readonly string[];
  readonly loginsPerSource: { readonly burst: number; readonly perSecond: number };
  readonly guessesPerAccount: { readonly burst: number; readonly perMinute: number };
  readonly argon2: { readonly memoryKib: number; readonly passes: number };
  /** Older state than this answers nothing. */
  readonly maxStalenessMs: number;
  /** A TICK follows this much silence. */
  readonly tickMs: number;
  readonly drainNoticeMs: number;
  /** Open event streams of this instance, and of one caller. Default: 256 and 8. */
  readonly streams?: { readonly total: number; readonly perCaller: number } | undefined;
  /** Publishes to Kafka's public topics; absent: not, as on the embedded log. */
  readonly publisher?: { readonly format: PublicFormat } | undefined;
  /** Ways to people by mail and text message; absent: none. */
  readonly delivery?: DeliveryConfig | undefined;
  /** Base of an OTLP/HTTP receiver of spans; absent: no spans. */
  readonly otlpEndpoint?: string | undefined;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
}

/** The names identity reads; other parts of one process must know them (`alsoKnown`). */
export const identityVariables = {
  ...ledgerVariables,
  ...tlsVariables,
  ...tracingVariables,
  ...deliveryVariables,
  LEDGATE_IDENTITY_ADDR: hostPort().default('127.0.0.1:7401'),
  LEDGATE_HTTP_ADDR: hostPort().optional(),
  LEDGATE_METRICS_ADDR: hostPort().optional(),
  LEDGATE_MASTER_KEY: secret().optional(),
  LEDGATE_ALLOW_PLAINTEXT: flag().default(false),
  LEDGATE_ISSUER: z.url(),
  LEDGATE_AUDIENCE: list(),
  LEDGATE_PUBLIC_URL: z.url({ protocol: /^https?$/u }).optional(),
  LEDGATE_PASSKEY_RP_ID: z.string().min(1).optional(),
  LEDGATE_PASSKEY_ORIGINS: list().default([]),
  LEDGATE_UPSTREAM_PRIVATE: flag().default(false),
  LEDGATE_REFLECTION: flag().default(false),
  LEDGATE_TRUSTED_PROXIES: list().default([]),
  LEDGATE_LOGIN_SOURCE_BURST: count(1, 1_000_000).default(200),
  LEDGATE_LOGIN_SOURCE_PER_SECOND: count(1, 1_000_000).default(20),
  LEDGATE_LOGIN_ACCOUNT_BURST: count(1, 100).default(20),
  LEDGATE_LOGIN_ACCOUNT_PER_MINUTE: count(1, 600).default(6),
  LEDGATE_ARGON2_MEMORY_KIB: count(19_456, 4_194_304).default(19_456),
  LEDGATE_ARGON2_PASSES: count(2, 100).default(2),
  LEDGATE_MAX_STALENESS: durationMs(1_000).default(300_000),
  LEDGATE_DRAIN_NOTICE: durationMs(0, 60_000).default(0),
  LEDGATE_PUBLISHER: flag().default(true),
  LEDGATE_PUBLISHER_FORMAT: z.enum(publicFormats).default('protobuf'),
  LEDGATE_STREAMS: count(0, 10_000).default(256),
  LEDGATE_STREAMS_PER_CALLER: count(0, 10_000).default(8),
  LEDGATE_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info'),
};

/**
 * Reads the environment. There is no start without issuer and audience (RFC 8725, 3.8 and 3.9).
 *
 * @throws ConfigError with every problem at once.
 */
export function identityConfigFromEnv(options: Parameters<typeof readEnv>[1] = {}): IdentityConfig {
  const env = readEnv(identityVariables, options);
  return {
    ...ledgerPlaceFrom(env),
    address: env.LEDGATE_IDENTITY_ADDR,
    httpAddress: env.LEDGATE_HTTP_ADDR,
    metricsAddress: env.LEDGATE_METRICS_ADDR,
    masterKey: env.LEDGATE_MASTER_KEY,
    tls: tlsPathsFrom(env),
    allowPlaintext: env.LEDGATE_ALLOW_PLAINTEXT,
    issuer: env.LEDGATE_ISSUER,
    audiences: env.LEDGATE_AUDIENCE,
    publicUrl: env.LEDGATE_PUBLIC_URL,
    passkeys: {
      relyingParty: env.LEDGATE_PASSKEY_RP_ID,
      origins: env.LEDGATE_PASSKEY_ORIGINS,
    },
    upstreamPrivate: env.LEDGATE_UPSTREAM_PRIVATE,
    reflection: env.LEDGATE_REFLECTION,
    trustedProxies: env.LEDGATE_TRUSTED_PROXIES,
    loginsPerSource: {
      burst: env.LEDGATE_LOGIN_SOURCE_BURST,
      perSecond: env.LEDGATE_LOGIN_SOURCE_PER_SECOND,
    },
    guessesPerAccount: {
      burst: env.LEDGATE_LOGIN_ACCOUNT_BURST,
      perMinute: env.LEDGATE_LOGIN_ACCOUNT_PER_MINUTE,
    },
    argon2: { memoryKib: env.LEDGATE_ARGON2_MEMORY_KIB, passes: env.LEDGATE_ARGON2_PASSES },
    maxStalenessMs: env.LEDGATE_MAX_STALENESS,
    tickMs: 60_000,
    drainNoticeMs: env.LEDGATE_DRAIN_NOTICE,
    streams: { total: env.LEDGATE_STREAMS, perCaller: env.LEDGATE_STREAMS_PER_CALLER },
    publisher:
      env.LEDGATE_LOG === 'kafka' && env.LEDGATE_PUBLISHER
        ? { format: env.LEDGATE_PUBLISHER_FORMAT }
        : undefined,
    delivery: deliveryFrom(env),
    otlpEndpoint: otlpEndpointFrom(env),
    logLevel: env.LEDGATE_LOG_LEVEL,
  };
}
