import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resolveSettings } from '#libs/ledger/kafka/kafka-settings.js';
import { openKafkaVault } from '#libs/ledger/kafka/kafka-vault.js';
import { LeaderWatch } from '#libs/ledger/kafka/leader-watch.js';
import { tailPartition } from '#libs/ledger/kafka/partition-tail.js';
import type { Vault } from '#libs/ledger/vault.js';
import { describeOnKafka } from '../../support/kafka/describe-on-kafka.js';
import { withAdmin } from '../../support/kafka/fresh-topic.js';

/** A topic whose segments end, and are compacted, as soon as the broker's cleaner comes round. */
const EAGER = {
  'cleanup.policy': 'compact',
  'segment.ms': '200',
  'max.compaction.lag.ms': '200',
  'min.cleanable.dirty.ratio': '0.01',
  'delete.retention.ms': '200',
};

describeOnKafka('the vault after compaction', (brokers) => {
  let topic: string;
  let caches: string;
  const opened: Vault[] = [];
  beforeEach(async () => {
    topic = `test.vault.${randomUUID()}`;
    caches = await mkdtemp(join(tmpdir(), 'ledgate-compaction-'));
    const configEntries = Object.entries(EAGER).map(([name, value]) => ({ name, value }));
    await withAdmin(brokers, (admin) =>
      admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }] }),
    );
  });
  afterEach(async () => {
    for (const vault of opened.splice(0)) await vault.close();
    await rm(caches, { recursive: true, force: true });
  });

  const openVault = (): Vault => {
    const cacheDir = join(caches, String(opened.length));
    const vault = openKafkaVault({ brokers, topic, cacheDir });
    opened.push(vault);
    return vault;
  };

  /** How many entries the broker still has for each id. */
  async function entriesPerId(): Promise<Map<string, number>> {
    const settings = resolveSettings({ brokers });
    const watch = new LeaderWatch(settings, topic);
    const counts = new Map<string, number>();
    for await (const batch of tailPartition(settings, watch, 0, new AbortController().signal)) {
      for (const { key } of batch.entries) {
        const id = String(key);
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
      if (batch.next >= batch.end) break;
    }
    watch.close();
    return counts;
  }

  it('V3 V4 a cache built anew has the first blob of each id, and no erased one', async () => {
    const [one, other] = [openVault(), openVault()];
    const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');
    const contested = new Map<string, string>();
    for (let i = 0; i < 8; i += 1) {
      const id = randomUUID();
      const blobs = [randomBytes(16), randomBytes(16)] as const;
      const won = await Promise.allSettled([one.put(id, blobs[0]), other.put(id, blobs[1])]);
      contested.set(id, hex(won[0].status === 'fulfilled' ? blobs[0] : blobs[1]));
    }
    const erased = Array.from({ length: 8 }, () => randomUUID());
    for (const id of erased) {
      await one.put(id, randomBytes(16));
      await other.erase(id);
    }
    const before = await entriesPerId();
    const twice = [...contested.keys(), ...erased].filter((id) => (before.get(id) ?? 0) > 1);
    expect(twice.length).toBeGreaterThan(8);

    // A segment ends with the first entry after its time; only what has ended is compacted.
    await expect
      .poll(
        async () => {
          await one.put(randomUUID(), randomBytes(16));
          await sleep(500);
          const now = await entriesPerId();
          return twice.filter((id) => (now.get(id) ?? 0) > 1);
        },
        { timeout: 90_000, interval: 1_500 },
      )
      .toEqual([]);

    const late = openVault();
    for (const [id, winner] of contested) expect(hex(await late.get(id))).toBe(winner);
    for (const id of erased) expect(await late.get(id)).toBeUndefined();
  });
});
