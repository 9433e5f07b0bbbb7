import { Failure } from '#libs/errors/failure.js';
import { chainStart, nextChain } from '#libs/ledger/chain.js';
import { AppendFailed, type EventLog } from '#libs/ledger/event-log.js';
import { identify } from '#libs/ledger/judge.js';
import type { Vault } from '#libs/ledger/vault.js';
import { AtOnce } from './at-once.js';
import { recordsUpTo } from './export-ledger.js';
import type { LedgerFile } from './ledger-file.js';

export interface ImportOptions {
  /** Proved by `verifyFile` before. */
  readonly file: LedgerFile;
  /** Position after the last record to take; default: all. */
  readonly end?: number;
  readonly log: EventLog;
  readonly vault: Vault;
  /** What follows behind the records of the file is no reason to refuse. */
  readonly mayGoOn?: boolean;
  readonly onProgress?: (done: number, of: number) => void;
}

export interface Imported {
  readonly position: number;
  /** 32 bytes. */
  readonly chain: Uint8Array;
  /** Records that an earlier attempt had brought already. */
  readonly before: number;
  readonly blobs: number;
}

const batchRecords = 1_024;
const batchBytes = 4 * 1024 * 1024;
/** Puts that are under way at the same time. */
export const blobsAtOnce = 64;

/**
 * Fills an empty ledger and its vault from a file. What an earlier attempt brought stays, and the rest
 * follows; rejects WRONG_STATE when something else is there, or when somebody writes meanwhile. The
 * blobs come first: no record ever names one that is not there yet.
 */
export async function importLedger(options: ImportOptions): Promise<Imported> {
  const { file, log, vault, end = file.header.end, mayGoOn = false, onProgress } = options;
  const before = await log.end();
  if (before > end && mayGoOn) return alreadyThere(options, end);
  if (before > end) throw notEmpty(`it has ${before} records, the file has ${end}`);
  const had = await chainOf(log, before);
  const blobs = await importBlobs(file, vault);
  const chain = await appendRecords(options, { before, had, end });
  onProgress?.(end, end);
  const written = await chainOf(log, end);
  if (Buffer.compare(written, chain) !== 0 || (await log.end()) !== end) {
    throw notEmpty('somebody else wrote to it while it was filled');
  }
  return { position: end - 1, chain, before, blobs };
}

/** An earlier attempt brought everything. */
async function alreadyThere({ file, log }: ImportOptions, end: number): Promise<Imported> {
  const chain = await chainOf(log, end);
  for await (const frame of file.frames()) {
    if (frame.kind !== 'record' || frame.position !== end - 1) continue;
    if (Buffer.compare(chain.subarray(0, 8), frame.chain) !== 0) break;
    return { position: end - 1, chain, before: end, blobs: 0 };
  }
  throw notEmpty('it holds other records');
}

/** Chain over the first `end` records of a log. */
export async function chainOf(log: EventLog, end: number): Promise<Uint8Array> {
  let chain: Uint8Array = chainStart;
  for await (const records of recordsUpTo(log, end)) {
    for (const { position, control, value } of records) {
      const { hash, mac } = identify(control ? null : value);
      chain = nextChain(chain, position, hash, mac);
    }
  }
  return chain;
}

async function appendRecords(
  { file, log, onProgress }: ImportOptions,
  { before, had, end }: { before: number; had: Uint8Array; end: number },
): Promise<Uint8Array> {
  const batch = new Batch(log, before);
  let chain: Uint8Array = chainStart;
  for await (const frame of file.frames()) {
    if (frame.kind !== 'record' || frame.position >= end) break;
    // Control records and null values come as empty ones: no reader can tell them apart.
    const value = frame.control ? null : frame.value;
    const { hash, mac } = identify(value);
    chain = nextChain(chain, frame.position, hash, mac);
    if (frame.position < before) {
      if (frame.position === before - 1 && Buffer.compare(chain, had) !== 0) {
        throw notEmpty('it holds other records');
      }
    } else if (await batch.add(value ?? new Uint8Array(0))) {
      onProgress?.(frame.position, end);
    }
  }
  await batch.flush();
  return chain;
}

/** Appends in order, and makes sure that nobody else does. */
export class Batch {
  readonly #log: EventLog;
  #next: number;
  #values: Uint8Array[] = [];
  #bytes = 0;

  /** `next`: position of the first value. */
  constructor(log: EventLog, next: number) {
    this.#log = log;
    this.#next = next;
  }

  /** True when the batch was appended now. */
  async add(value: Uint8Array): Promise<boolean> {
    const full = this.#values.length >= batchRecords || this.#bytes + value.length > batchBytes;
    if (full) await this.flush();
    this.#values.push(Uint8Array.from(value));
    this.#bytes += value.length;
    return full;
  }

  async flush(): Promise<void> {
    if (this.#values.length === 0) return;
    const first = await this.#log.append(this.#values).catch((cause: unknown) => {
      if (!(cause instanceof AppendFailed)) throw cause;
      const message = 'the ledger did not take the records; run the same command again';
      throw new Failure('LEDGER_UNAVAILABLE', message, { cause });
    });
    if (first !== this.#next) throw notEmpty('somebody else wrote to it while it was filled');
    this.#next += this.#values.length;
    this.#values = [];
    this.#bytes = 0;
  }
}

async function importBlobs(file: LedgerFile, vault: Vault): Promise<number> {
  if (!file.header.vault) return 0;
  let count = 0;
  const under = new AtOnce(blobsAtOnce);
  for await (const frame of file.frames()) {
    if (frame.kind !== 'blob') continue;
    const { id, blob } = frame;
    await under.start(() => putBlob(vault, id, Uint8Array.from(blob)));
    count += 1;
  }
  await under.done();
  return count;
}

/** Puts a blob unless it is there. Rejects WRONG_STATE when the id has another blob, or was erased. */
export async function putBlob(vault: Vault, id: string, blob: Uint8Array): Promise<void> {
  try {
    await vault.put(id, blob);
  } catch (error) {
    if (!(error instanceof Failure) || error.reason !== 'ALREADY_EXISTS') throw error;
    const there = await vault.get(id);
    if (there !== undefined && Buffer.compare(there, blob) === 0) return;
    throw notEmpty(`its vault holds, or held, another blob as ${id}`);
  }
}

export function notEmpty(why: string): Failure {
  return new Failure('WRONG_STATE', `the ledger there is in use: ${why}; take an empty place`);
}
