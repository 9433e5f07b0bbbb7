import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openKafkaVault } from '#libs/ledger/kafka/kafka-vault.js';
import type { Vault } from '#libs/ledger/vault.js';
import { describeOnKafka } from '../support/kafka/describe-on-kafka.js';
import { freshVaultTopic } from '../support/kafka/fresh-topic.js';
import type { VaultUnderTest } from './vault-contract.js';
import { vaultContract } from './vault-contract.js';

describeOnKafka('on a real broker', (brokers) => {
  vaultContract('Kafka, the cache lost at each restart', () => kafka(brokers, 'lost'));
  vaultContract('Kafka, the cache kept', () => kafka(brokers, 'kept'));
});

async function kafka(
  brokers: readonly string[],
  cacheAtRestart: 'lost' | 'kept',
): Promise<VaultUnderTest> {
  const topic = await freshVaultTopic(brokers);
  const caches = await mkdtemp(join(tmpdir(), 'ledgate-vault-cache-'));
  const opened: Vault[] = [];
  let instances = 0;
  const openVault = (cacheDir: string): Vault => {
    const vault = openKafkaVault({ brokers, topic, cacheDir });
    opened.push(vault);
    return vault;
  };
  const first = join(caches, 'first');
  return {
    vault: openVault(first),
    openAnother: async () => openVault(join(caches, `another-${instances++}`)),
    restart: async () => {
      await opened.shift()?.close();
      if (cacheAtRestart === 'lost') await rm(first, { recursive: true });
      return openVault(first);
    },
    close: async () => {
      for (const vault of opened) await vault.close();
      await rm(caches, { recursive: true, force: true });
    },
  };
}
