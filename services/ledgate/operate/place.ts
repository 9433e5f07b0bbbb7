import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '#libs/errors/failure.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import { readEnv } from '#libs/runtime/env.js';
import { authorizerVariables } from '#services/authorizer/config.js';
import { macKeysOf, openLog } from '#services/authorizer/open-log.js';

/** The ledger and the key to judge it by, without a service in between. */
export interface LedgerAccess {
  readonly log: EventLog;
  readonly macKeys: MacKeys;
  /** Empty: an embedded log. */
  readonly brokers: readonly string[];
  readonly topicPrefix: string;
}

const names = [
  'LEDGATE_LOG',
  'LEDGATE_DATA_DIR',
  'LEDGATE_KAFKA_BROKERS',
  'LEDGATE_TOPIC_PREFIX',
  'LEDGATE_LEDGER_KEY',
] as const;

/**
 * Opens the ledger that the environment, or `--data` and `--brokers`, name. Close its log.
 *
 * @throws Failure MISCONFIGURED when there is none; nothing is ever created here.
 */
export function openLedgerOf(flags: { data: string; brokers?: string[] }): LedgerAccess {
  const shape = Object.fromEntries(names.map((name) => [name, authorizerVariables[name]])) as Pick<
    typeof authorizerVariables,
    (typeof names)[number]
  >;
  const { data, brokers } = flags;
  const fromFlags = {
    LEDGATE_DATA_DIR: data,
    ...(brokers && { LEDGATE_LOG: 'kafka', LEDGATE_KAFKA_BROKERS: brokers.join(',') }),
  };
  const alsoKnown = Object.keys(process.env).filter((name) => name.startsWith('LEDGATE_'));
  const env = readEnv(shape, { env: { ...process.env, ...fromFlags }, alsoKnown });
  const place = {
    log: env.LEDGATE_LOG,
    dataDir: env.LEDGATE_DATA_DIR,
    kafkaBrokers: env.LEDGATE_KAFKA_BROKERS,
    topicPrefix: env.LEDGATE_TOPIC_PREFIX,
    ledgerKey: env.LEDGATE_LEDGER_KEY,
  };
  if (place.log === 'embedded' && !existsSync(join(data, 'ledger', 'data.mdb'))) {
    const advice = 'say where it is: --data, or --brokers for Kafka';
    throw new Failure('MISCONFIGURED', `there is no ledger in ${data}: ${advice}`);
  }
  const macKeys = macKeysOf(place);
  const log = openLog(place, () => {});
  return { log, macKeys, brokers: place.kafkaBrokers, topicPrefix: place.topicPrefix };
}
