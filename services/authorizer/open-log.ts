import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '#libs/errors/failure.js';
import { openEmbeddedLog } from '#libs/ledger/embedded/embedded-store.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import type { KafkaTrouble } from '#libs/ledger/kafka/kafka-settings.js';
import { parseLedgerSecrets } from '#libs/ledger/ledger-secrets.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { Secret } from '#libs/runtime/secret.js';
import type { AuthorizerConfig } from '#services/authorizer/config.js';

/** What tells where ledger L is, and under which key. */
export type LedgerPlace = Pick<
  AuthorizerConfig,
  'log' | 'dataDir' | 'kafkaBrokers' | 'topicPrefix' | 'ledgerKey'
>;

/** Name of ledger L in a cell: the topic, and part of the derivation of its mac keys. */
export function ledgerName({ topicPrefix }: Pick<AuthorizerConfig, 'topicPrefix'>): string {
  return `${topicPrefix}.ledger.v1`;
}

/** Opens ledger L where the configuration says. Kafka's topic must exist. */
export function openLog(config: LedgerPlace, onTrouble: (trouble: KafkaTrouble) => void): EventLog {
  const name = ledgerName(config);
  if (config.log === 'embedded') {
    return openEmbeddedLog({ path: join(config.dataDir, 'ledger'), name });
  }
  if (config.kafkaBrokers.length === 0) {
    throw new Failure('MISCONFIGURED', 'set LEDGATE_KAFKA_BROKERS to use Kafka');
  }
  return openKafkaLog({ brokers: config.kafkaBrokers, topic: name, onTrouble });
}

/** The keys that prove which records count: from the configuration, or the file that identity made. */
export function macKeysOf(config: LedgerPlace): MacKeys {
  return new MacKeys(ledgerName(config), parseLedgerSecrets(config.ledgerKey ?? keyFile(config)));
}

function keyFile({ log, dataDir }: LedgerPlace): Secret {
  if (log !== 'embedded') {
    throw new Failure('MISCONFIGURED', 'set LEDGATE_LEDGER_KEY (or LEDGATE_LEDGER_KEY_FILE)');
  }
  const path = join(dataDir, 'keys', 'ledger.key');
  try {
    return new Secret(readFileSync(path, 'utf8').trim());
  } catch (cause) {
    const text = `there is no ledger key in ${path}: start identity first, or set LEDGATE_LEDGER_KEY`;
    throw new Failure('MISCONFIGURED', text, { cause });
  }
}
