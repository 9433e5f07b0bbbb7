import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '#libs/errors/failure.js';
import { Secret } from '#libs/runtime/secret.js';
import { openEmbeddedLog, openEmbeddedStore } from './embedded/embedded-store.js';
import type { EventLog } from './event-log.js';
import { openKafkaLog } from './kafka/kafka-log.js';
import type { KafkaSettings, KafkaTrouble } from './kafka/kafka-settings.js';
import { openKafkaVault } from './kafka/kafka-vault.js';
import { ledgerName, type KafkaSecurity, type LedgerId, type LedgerPlace } from './ledger-place.js';
import { parseLedgerSecrets } from './ledger-secrets.js';
import { MacKeys } from './mac.js';
import type { Vault } from './vault.js';

type OnTrouble = (trouble: KafkaTrouble) => void;

/** The stores that outlive the process: both ledgers and the vault. */
export interface OpenLedger {
  /** Ledger L. */
  readonly log: EventLog;
  /** Ledger S. */
  readonly sessionLog: EventLog;
  readonly vault: Vault;
  close(): Promise<void>;
}

/** Opens one ledger alone, for whoever only reads. Kafka's topic must exist. */
export function openLog(
  place: LedgerPlace,
  onTrouble: OnTrouble,
  ledger: LedgerId = 'L',
): EventLog {
  const name = ledgerName(place, ledger);
  if (place.log === 'embedded') {
    return openEmbeddedLog({ path: join(place.dataDir, 'ledger'), name });
  }
  return openKafkaLog({ ...kafkaSettingsOf(place), topic: name, onTrouble });
}

/** Opens both ledgers and the vault. Kafka's topics must exist. */
export function openLedger(place: LedgerPlace, onTrouble: OnTrouble): OpenLedger {
  if (place.log === 'embedded') {
    const store = openEmbeddedStore(join(place.dataDir, 'ledger'));
    const log = store.log(ledgerName(place));
    const sessionLog = store.log(ledgerName(place, 'S'));
    return { log, sessionLog, vault: store.vault(), close: () => store.close() };
  }
  const log = openLog(place, onTrouble);
  const sessionLog = openLog(place, onTrouble, 'S');
  const vault = openKafkaVault({
    ...kafkaSettingsOf(place),
    topic: `${place.topicPrefix}.vault.v1`,
    cacheDir: join(place.dataDir, 'vault-cache'),
    onTrouble,
  });
  return {
    log,
    sessionLog,
    vault,
    close: async () => {
      await log.close();
      await sessionLog.close();
      await vault.close();
    },
  };
}

/** How to reach the brokers. Throws Failure MISCONFIGURED when none are named, or a file is missing. */
export function kafkaSettingsOf(place: LedgerPlace): KafkaSettings {
  const brokers = place.kafkaBrokers;
  if (brokers.length === 0) {
    throw new Failure('MISCONFIGURED', 'set LEDGATE_KAFKA_BROKERS to use Kafka');
  }
  return { brokers, ...securityOf(place.kafkaSecurity ?? {}) };
}

function securityOf({ tls, sasl }: KafkaSecurity): Pick<KafkaSettings, 'ssl' | 'sasl'> {
  const pem = (path: string | undefined): Buffer | undefined =>
    path === undefined ? undefined : readPem(path);
  const ssl = tls && { ca: pem(tls.caFile), cert: pem(tls.certFile), key: pem(tls.keyFile) };
  const secret = sasl && { username: sasl.username, password: sasl.password.reveal() };
  return {
    ...(ssl === undefined ? {} : { ssl: { ...ssl, minVersion: 'TLSv1.2' } }),
    ...(sasl && secret ? { sasl: { mechanism: sasl.mechanism, ...secret } } : {}),
  };
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new Failure('MISCONFIGURED', `cannot read ${path}, needed to reach Kafka`, { cause });
  }
}

/** The keys that prove which records count: from the configuration, or the file that identity made. */
export function macKeysOf(place: LedgerPlace, ledger: LedgerId = 'L'): MacKeys {
  const secrets = parseLedgerSecrets(place.ledgerKey ?? keyFile(place));
  return new MacKeys(ledgerName(place, ledger), secrets);
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
