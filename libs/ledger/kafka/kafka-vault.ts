import { Failure } from '#libs/errors/failure.js';
import type { CachedBlob } from '#libs/ledger/embedded/blob-cache.js';
import { BlobCache } from '#libs/ledger/embedded/blob-cache.js';
import type { KafkaSettings, ResolvedKafkaSettings } from '#libs/ledger/kafka/kafka-settings.js';
import { resolveSettings } from '#libs/ledger/kafka/kafka-settings.js';
import { LeaderLink } from '#libs/ledger/kafka/leader-link.js';
import { LeaderWatch } from '#libs/ledger/kafka/leader-watch.js';
import { PartitionProducer } from '#libs/ledger/kafka/partition-producer.js';
import { latestOffset } from '#libs/ledger/kafka/partition-requests.js';
import { ERASED_AFTER_MS } from '#libs/ledger/kafka/topic-spec.js';
import { VaultFollower } from '#libs/ledger/kafka/vault-follower.js';
import type { Vault, VaultEntry } from '#libs/ledger/vault.js';

const DEFAULT_WAIT_MS = 2_000;
/** A list is for operators' tools, which may have to read the whole topic first. */
const LIST_WAIT_MS = 120_000;

/**
 * The vault of one compacted topic with one partition. Every instance follows the whole topic into
 * a cache of its own in `cacheDir` (deletable at any time) and answers from there; connects at once.
 */
export function openKafkaVault(
  settings: KafkaSettings & { readonly topic: string; readonly cacheDir: string },
): Vault {
  return new KafkaVault(resolveSettings(settings), settings.topic, settings.cacheDir);
}

class KafkaVault implements Vault {
  readonly goneAfterMs = ERASED_AFTER_MS;
  readonly #settings: ResolvedKafkaSettings;
  readonly #topic: string;
  readonly #cache: BlobCache;
  readonly #watch: LeaderWatch;
  readonly #producer: PartitionProducer;
  readonly #queries: LeaderLink;
  readonly #follower: VaultFollower;
  #closed = false;

  constructor(settings: ResolvedKafkaSettings, topic: string, cacheDir: string) {
    this.#settings = settings;
    this.#topic = topic;
    this.#cache = new BlobCache(cacheDir);
    this.#watch = new LeaderWatch(settings, topic);
    this.#producer = new PartitionProducer(settings, this.#watch);
    this.#queries = new LeaderLink(settings, this.#watch);
    this.#follower = new VaultFollower(settings, this.#watch, this.#cache);
  }

  async put(id: string, blob: Uint8Array): Promise<void> {
    await this.#caughtUp(DEFAULT_WAIT_MS);
    if (this.#cache.get(id) !== undefined) throw refused();
    await this.#append(id, blob);
    // Of several writers the first in the log has won; the cache holds its blob.
    const kept = this.#cache.get(id);
    if (kept instanceof Uint8Array && Buffer.compare(kept, blob) === 0) return;
    await this.#restore(id, kept);
    throw refused();
  }

  async get(id: string, timeoutMs: number = DEFAULT_WAIT_MS): Promise<Uint8Array | undefined> {
    const deadlineMs = this.#settings.clock.monotonicMs() + timeoutMs;
    await this.#caughtUp(timeoutMs);
    let cached = this.#cache.get(id);
    if (cached === undefined) {
      await this.#reachEnd(deadlineMs);
      cached = this.#cache.get(id);
    }
    return cached === 'erased' ? undefined : cached;
  }

  async erase(id: string): Promise<void> {
    await this.#append(id, null);
  }

  async erasedAt(id: string): Promise<number | undefined> {
    await this.#caughtUp(DEFAULT_WAIT_MS);
    const erased = this.#cache.erasedAt(id);
    if (erased !== undefined && erased > 0) return erased;
    await this.#reachEnd(this.#settings.clock.monotonicMs() + DEFAULT_WAIT_MS);
    return this.#cache.erasedAt(id);
  }

  async *list(): AsyncIterable<VaultEntry> {
    await this.#caughtUp(LIST_WAIT_MS);
    await this.#reachEnd(this.#settings.clock.monotonicMs() + LIST_WAIT_MS);
    yield* this.#cache.list();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#producer.close();
    this.#queries.close();
    await this.#follower.close();
    this.#watch.close();
    await this.#cache.close();
  }

  /** Appends one entry and waits until the own cache has it. */
  async #append(id: string, blob: Uint8Array | null): Promise<void> {
    const value = blob && Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
    try {
      const offset = await this.#producer.produce([{ key: Buffer.from(id), value }]);
      await this.#follower.reached(offset + 1, this.#settings.requestTimeoutMs);
    } catch (cause) {
      throw unavailable('the vault did not take the entry', cause);
    }
  }

  /**
   * Compaction keeps the last entry of an id, but the first one is what counts: whoever came too
   * late puts the valid one behind its own.
   */
  async #restore(id: string, kept: CachedBlob): Promise<void> {
    await this.#append(id, kept instanceof Uint8Array ? kept : null);
  }

  /** An erased blob must not come back while the cache is behind: first read everything. */
  async #caughtUp(timeoutMs: number): Promise<void> {
    try {
      await this.#follower.caughtUp(timeoutMs);
    } catch (cause) {
      throw unavailable('the vault is not caught up', cause);
    }
  }

  /** Reads on to where the log ends now: what another instance has put is there by then. */
  async #reachEnd(deadlineMs: number): Promise<void> {
    const left = (): number => deadlineMs - this.#settings.clock.monotonicMs();
    try {
      const { link } = await this.#queries.get(left());
      const end = await latestOffset(link, this.#topic, left());
      await this.#follower.reached(end, left());
    } catch (cause) {
      this.#queries.drop(cause as Error);
      throw unavailable('the vault cannot tell whether it has the blob', cause);
    }
  }
}

function refused(): Failure {
  return new Failure('ALREADY_EXISTS', 'the vault holds, or held, a blob under this id');
}

function unavailable(message: string, cause: unknown): Failure {
  return new Failure('LEDGER_UNAVAILABLE', `${message}; try again`, { cause });
}
