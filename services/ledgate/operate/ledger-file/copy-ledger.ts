import type { EventLog, LogRecord } from '#libs/ledger/event-log.js';
import { Judge } from '#libs/ledger/judge.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import { RecordKind } from '#libs/ledger/record.js';
import type { Vault } from '#libs/ledger/vault.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { recordsUpTo } from './export-ledger.js';
import { AtOnce } from './at-once.js';
import { Batch, blobsAtOnce, chainOf, notEmpty, putBlob } from './import-ledger.js';
import { sealLedger } from './seal-ledger.js';

interface Stores {
  readonly log: EventLog;
  readonly vault: Vault;
}

export interface CopyOptions {
  readonly from: Stores & { readonly macKeys: MacKeys };
  readonly to: Stores;
  /** How people call the place it goes to; the SEAL keeps it. */
  readonly successor: string;
  readonly onProgress?: (done: number, of: number) => void;
}

export interface Copied {
  /** Last position; the same record is there in both places. */
  readonly position: number;
  readonly chain: Uint8Array;
  /** Position of the SEAL in the old place. */
  readonly sealedAt: number;
  readonly blobs: number;
}

/** Copies before the seal at most: each brings what came during the one before. */
const mostRounds = 8;
/** So few records that the ledger is sealed. */
const fewRecords = 256;

/**
 * Moves a ledger: copies it while it is served, seals it, and copies what came meanwhile. Every record
 * is in the new place at the position that it had; the SEAL is not, so that the ledger goes on there in
 * the same epoch, and whatever was issued stays good. Safe to repeat after an attempt that was cut
 * short. Rejects WRONG_STATE when the new place holds something else.
 */
export async function copyLedger(options: CopyOptions): Promise<Copied> {
  const { from, to, successor } = options;
  const copier = await Copier.begin(options);
  for (let round = 0; round < mostRounds; round++) {
    await copyBlobs(from.vault, to.vault);
    const end = await from.log.end();
    await copier.upTo(end);
    if ((await from.log.end()) - end <= fewRecords) break;
  }
  const sealedAt = copier.sealedAt ?? (await sealLedger(from.log, from.macKeys, successor));
  await copier.upTo(sealedAt + 1);
  const blobs = await copyBlobs(from.vault, to.vault);
  await eraseWhatIsErased(from.vault, to.vault);
  const there = await chainOf(to.log, sealedAt);
  if (Buffer.compare(copier.chain, there) !== 0 || (await to.log.end()) !== sealedAt) {
    throw notEmpty('it is not what was copied');
  }
  return { position: sealedAt - 1, chain: there, sealedAt, blobs };
}

/** Follows the rule through the old place, for a seal must be one that counts, and fills the new one. */
class Copier {
  sealedAt: number | undefined;
  /** At the last record that was copied. */
  chain: Uint8Array = new Uint8Array(32);
  readonly #options: CopyOptions;
  readonly #judge: Judge;
  readonly #before: number;
  readonly #had: Uint8Array;
  readonly #batch: Batch;

  private constructor(options: CopyOptions, before: number, had: Uint8Array) {
    this.#options = options;
    this.#judge = new Judge(options.from.macKeys, { window: new VerdictWindow(), sealed: false });
    this.#before = before;
    this.#had = had;
    this.#batch = new Batch(options.to.log, before);
  }

  static async begin(options: CopyOptions): Promise<Copier> {
    const before = await options.to.log.end();
    if (before > (await options.from.log.end())) throw notEmpty(`it has ${before} records`);
    return new Copier(options, before, await chainOf(options.to.log, before));
  }

  async upTo(end: number): Promise<void> {
    const { from, onProgress } = this.#options;
    const next = this.#judge.window.position + 1;
    for await (const records of recordsUpTo(from.log, end, next)) {
      for (const record of records) if (this.sealedAt === undefined) await this.#take(record);
      onProgress?.(this.#judge.window.position + 1, end);
    }
    await this.#batch.flush();
  }

  async #take(record: LogRecord): Promise<void> {
    const { accepted, header, position, chain } = this.#judge.judge(record);
    if (accepted && header?.kind === RecordKind.SEAL) {
      this.sealedAt = position;
      return;
    }
    this.chain = Uint8Array.from(chain);
    if (position >= this.#before) {
      await this.#batch.add((record.control ? null : record.value) ?? new Uint8Array(0));
    } else if (position === this.#before - 1 && Buffer.compare(chain, this.#had) !== 0) {
      throw notEmpty('it holds other records');
    }
  }
}

/** Brings what is not there yet. Resolves with how many blobs there are now. */
async function copyBlobs(from: Vault, to: Vault): Promise<number> {
  const there = new Set<string>();
  for await (const { id } of to.list()) there.add(id);
  const under = new AtOnce(blobsAtOnce);
  for await (const { id } of from.list()) {
    if (there.has(id)) continue;
    there.add(id);
    await under.start(async () => {
      const blob = await from.get(id);
      if (blob !== undefined) await putBlob(to, id, blob);
    });
  }
  await under.done();
  return there.size;
}

/** What was erased in the old place while it was being copied must not live on in the new one. */
async function eraseWhatIsErased(from: Vault, to: Vault): Promise<void> {
  const left = new Set<string>();
  for await (const { id } of from.list()) left.add(id);
  for await (const { id } of to.list()) if (!left.has(id)) await to.erase(id);
}
