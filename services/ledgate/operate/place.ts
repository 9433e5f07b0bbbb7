import { join } from 'node:path';
import type { MacKeys } from '#libs/ledger/mac.js';
import { MacKeys as Keys } from '#libs/ledger/mac.js';
import { parseLedgerSecrets } from '#libs/ledger/ledger-secrets.js';
import { readEnv } from '#libs/runtime/env.js';
import { readOrCreateKey } from '#services/identity/adapters/key-file.js';
import {
  ledgerName,
  openLedger,
  type OpenLedger,
} from '#services/identity/adapters/open-ledger.js';
import { identityVariables } from '#services/identity/config.js';

/** Where the ledger of this machine is and with which key it is read, without starting a service. */
export interface LedgerAccess extends OpenLedger {
  readonly macKeys: MacKeys;
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

/** Opens the ledger that the environment, or `--data` and `--brokers`, name. Close it. */
export function openLedgerOf(flags: { data: string; brokers?: string[] }): LedgerAccess {
  const shape = Object.fromEntries(names.map((name) => [name, identityVariables[name]])) as Pick<
    typeof identityVariables,
    (typeof names)[number]
  >;
  const overrides = {
    LEDGATE_DATA_DIR: process.env['LEDGATE_DATA_DIR'] ?? flags.data,
    ...(flags.brokers === undefined
      ? {}
      : { LEDGATE_LOG: 'kafka', LEDGATE_KAFKA_BROKERS: flags.brokers.join(',') }),
  };
  const known = Object.keys(process.env).filter((name) => name.startsWith('LEDGATE_'));
  const env = readEnv(shape, { env: { ...process.env, ...overrides }, alsoKnown: known });
  const place = {
    log: env.LEDGATE_LOG,
    dataDir: env.LEDGATE_DATA_DIR,
    kafkaBrokers: env.LEDGATE_KAFKA_BROKERS,
    topicPrefix: env.LEDGATE_TOPIC_PREFIX,
  };
  const key = env.LEDGATE_LEDGER_KEY ?? readOrCreateKey(join(place.dataDir, 'keys', 'ledger.key'));
  const macKeys = new Keys(ledgerName(place), parseLedgerSecrets(key));
  const opened = openLedger(place, () => {});
  return { ...opened, macKeys, brokers: place.kafkaBrokers, topicPrefix: place.topicPrefix };
}
