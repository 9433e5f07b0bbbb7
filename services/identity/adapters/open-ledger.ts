import { join } from 'node:path';
import { Failure } from '#libs/errors/failure.js';
import { openEmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import type { KafkaTrouble } from '#libs/ledger/kafka/kafka-settings.js';
import { openKafkaVault } from '#libs/ledger/kafka/kafka-vault.js';
import type { Vault } from '#libs/ledger/vault.js';

/** The stores that outlive the process: ledger L and the vault. */
export interface OpenLedger {
  readonly log: EventLog;
  readonly vault: Vault;
  close(): Promise<void>;
}

export interface LedgerPlace {
  readonly log: 'embedded' | 'kafka';
  readonly dataDir: string;
  readonly kafkaBrokers: readonly string[];
  readonly topicPrefix: string;
}

/** Name of ledger L in a cell: the topic, and part of the derivation of its mac keys. */
export function ledgerName({ topicPrefix }: Pick<LedgerPlace, 'topicPrefix'>): string {
  return `${topicPrefix}.ledger.v1`;
}

/** Opens them where the configuration says. Kafka's topics must exist. */
export function openLedger(
  place: LedgerPlace,
  onTrouble: (trouble: KafkaTrouble) => void,
): OpenLedger {
  const name = ledgerName(place);
  if (place.log === 'embedded') {
    const store = openEmbeddedStore(join(place.dataDir, 'ledger'));
    return { log: store.log(name), vault: store.vault(), close: () => store.close() };
  }
  if (place.kafkaBrokers.length === 0) {
    throw new Failure('MISCONFIGURED', 'set LEDGATE_KAFKA_BROKERS to use Kafka');
  }
  const settings = { brokers: place.kafkaBrokers, onTrouble };
  const log = openKafkaLog({ ...settings, topic: name });
  const vault = openKafkaVault({
    ...settings,
    topic: `${place.topicPrefix}.vault.v1`,
    cacheDir: join(place.dataDir, 'vault-cache'),
  });
  return {
    log,
    vault,
    close: async () => {
      await log.close();
      await vault.close();
    },
  };
}
