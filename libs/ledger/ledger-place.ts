import { join } from 'node:path';
import { z } from 'zod';
import type { LedgerLetter } from '#libs/events/ledger-of.js';
import { count, durationMs, flag, list, secret } from '#libs/runtime/env-types.js';
import type { Secret } from '#libs/runtime/secret.js';

/** How brokers are reached and who we are to them; absent parts: plaintext, nobody. */
export interface KafkaSecurity {
  /** Paths of PEM files. Without `caFile`: the authorities of Node. */
  readonly tls?: {
    readonly caFile: string | undefined;
    readonly certFile: string | undefined;
    readonly keyFile: string | undefined;
  };
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: Secret;
  };
}

/** Where folded states are kept, and when one is due. */
export interface SnapshotSettings {
  readonly folder: string;
  /** Records from one to the next; 0: none are written, and none are read. */
  readonly everyRecords: number;
  /** Or this time, ms, when there were any. */
  readonly everyMs: number;
}

/** The ledgers of a cell: L holds its state for ever, S what lives for a session at most. */
export const ledgerIds: readonly LedgerId[] = ['L', 'S'];
export type LedgerId = LedgerLetter;

/** Name of a ledger in a cell: the topic, and part of the derivation of its mac keys. */
export function ledgerName(
  { topicPrefix }: Pick<LedgerPlace, 'topicPrefix'>,
  ledger: LedgerId = 'L',
): string {
  return `${topicPrefix}.${ledger === 'L' ? 'ledger' : 'session'}.v1`;
}

/** Where the ledgers and the vault are, and the key that proves who may write. */
export interface LedgerPlace {
  readonly log: 'embedded' | 'kafka';
  /** Holds the embedded log, caches, and (embedded log only) the keys. */
  readonly dataDir: string;
  readonly kafkaBrokers: readonly string[];
  readonly kafkaSecurity?: KafkaSecurity;
  /** In front of the topics' names: one cell each. */
  readonly topicPrefix: string;
  /** Absent: the one in the data folder (embedded log only). */
  readonly ledgerKey: Secret | undefined;
  /** Records of ledger S are kept for so long at least, ms. Default: `defaultSessionRetentionMs`. */
  readonly sessionRetentionMs?: number;
  /** Absent: no snapshots. */
  readonly snapshots?: SnapshotSettings;
}

const dayMs = 86_400_000;
/** The longest session that a tenant may allow, and room for the checkpoints that a late start needs. */
export const defaultSessionRetentionMs = 367 * dayMs;

/** The variables that every process reads which opens a ledger. */
export const ledgerVariables = {
  LEDGATE_LOG: z.enum(['embedded', 'kafka']).default('embedded'),
  LEDGATE_DATA_DIR: z.string().default('./data'),
  LEDGATE_KAFKA_BROKERS: list().default([]),
  LEDGATE_KAFKA_TLS: flag().default(false),
  LEDGATE_KAFKA_CA: z.string().optional(),
  LEDGATE_KAFKA_CERT: z.string().optional(),
  LEDGATE_KAFKA_KEY: z.string().optional(),
  LEDGATE_KAFKA_SASL: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
  LEDGATE_KAFKA_USERNAME: z.string().optional(),
  LEDGATE_KAFKA_PASSWORD: secret().optional(),
  LEDGATE_TOPIC_PREFIX: z.string().default('auth'),
  LEDGATE_LEDGER_KEY: secret().optional(),
  LEDGATE_SESSION_RETENTION: durationMs(dayMs, 3_650 * dayMs).default(defaultSessionRetentionMs),
  LEDGATE_SNAPSHOT_DIR: z.string().optional(),
  LEDGATE_SNAPSHOT_RECORDS: count(0, 1_000_000_000).default(65_536),
  LEDGATE_SNAPSHOT_INTERVAL: durationMs(1_000).default(600_000),
};

type LedgerEnv = {
  [K in keyof typeof ledgerVariables]: z.output<(typeof ledgerVariables)[K]>;
};

/** What those variables say. */
export function ledgerPlaceFrom(env: LedgerEnv): LedgerPlace {
  return {
    log: env.LEDGATE_LOG,
    dataDir: env.LEDGATE_DATA_DIR,
    kafkaBrokers: env.LEDGATE_KAFKA_BROKERS,
    kafkaSecurity: securityFrom(env),
    topicPrefix: env.LEDGATE_TOPIC_PREFIX,
    ledgerKey: env.LEDGATE_LEDGER_KEY,
    sessionRetentionMs: env.LEDGATE_SESSION_RETENTION,
    snapshots: {
      folder: env.LEDGATE_SNAPSHOT_DIR ?? join(env.LEDGATE_DATA_DIR, 'snapshots'),
      everyRecords: env.LEDGATE_SNAPSHOT_RECORDS,
      everyMs: env.LEDGATE_SNAPSHOT_INTERVAL,
    },
  };
}

function securityFrom(env: LedgerEnv): KafkaSecurity {
  const { LEDGATE_KAFKA_CA: caFile, LEDGATE_KAFKA_CERT: certFile } = env;
  const { LEDGATE_KAFKA_SASL: mechanism, LEDGATE_KAFKA_PASSWORD: password } = env;
  const tls = { caFile, certFile, keyFile: env.LEDGATE_KAFKA_KEY };
  const username = env.LEDGATE_KAFKA_USERNAME ?? '';
  const withTls = env.LEDGATE_KAFKA_TLS || caFile !== undefined || certFile !== undefined;
  return {
    ...(withTls ? { tls } : {}),
    ...(mechanism !== undefined && password !== undefined
      ? { sasl: { mechanism, username, password } }
      : {}),
  };
}
