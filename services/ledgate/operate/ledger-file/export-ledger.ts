import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Failure } from '#libs/errors/failure.js';
import { checkpointCodec, genesisCodec, type Checkpoint } from '#libs/events/control-codec.js';
import { chainStart, nextChain } from '#libs/ledger/chain.js';
import type { EventLog, LogRecord } from '#libs/ledger/event-log.js';
import { identify } from '#libs/ledger/judge.js';
import { decodeRecord, RecordKind } from '#libs/ledger/record.js';
import type { Vault } from '#libs/ledger/vault.js';
import {
  encodeFrame,
  encodeHeader,
  encodeSignature,
  encodeStatement,
  type FileHeader,
} from './file-format.js';

/** Who holds the audit key: identity. */
export interface FileSigner {
  /** A signed statement about the newest position, encoded. */
  signHead(): Promise<Uint8Array>;
  /** Signature of a file with this SHA-256. */
  signFile(sha256: Uint8Array): Promise<Uint8Array>;
}

export interface ExportOptions {
  readonly log: EventLog;
  /** Absent: the file has the ledger only. */
  readonly vault?: Vault | undefined;
  readonly signer: FileSigner;
  readonly path: string;
  readonly onProgress?: (done: number, of: number) => void;
}

export interface Exported {
  /** Last position in the file. */
  readonly position: number;
  readonly chain: string;
  readonly records: number;
  readonly blobs: number;
  readonly auditPublicKey: string;
}

/** How many of the first records may be what instances left that outlived their ledger. */
const GENESIS_WITHIN = 4_096;

/**
 * Writes the ledger up to its present end into one file, while it is being written to. The file has
 * its name only once it is whole and on the disk. Rejects ALREADY_EXISTS for a file that is there, and
 * DIVERGED when the log is not the history that was signed.
 */
export async function exportLedger(options: ExportOptions): Promise<Exported> {
  const { log, signer, path, vault } = options;
  const statement = await signer.signHead();
  const head = decodedHead(statement);
  const header: FileHeader = {
    format: 1,
    clusterId: head.clusterId,
    ledger: head.ledger,
    epoch: head.epoch,
    auditPublicKey: await auditKeyOf(log, head.clusterId),
    end: head.position + 1,
    chain: Buffer.from(head.chain).toString('hex'),
    vault: vault !== undefined,
  };
  const partial = `${path}.partial`;
  await refuseExisting(path);
  const counted = { blobs: 0 };
  try {
    const hash = createHash('sha256');
    await pipeline(
      Readable.from(contentOf(header, options, counted), { objectMode: false }),
      createGzip({ level: 6 }),
      async function* digested(source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(partial, { mode: 0o600 }),
    );
    const stated = encodeStatement(statement);
    const signature = await signer.signFile(hash.update(stated).digest());
    await finish(partial, Buffer.concat([stated, encodeSignature(statement, signature)]));
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  const { chain, auditPublicKey, end } = header;
  return { position: end - 1, chain, records: end, blobs: counted.blobs, auditPublicKey };
}

async function* contentOf(
  header: FileHeader,
  { log, vault, onProgress }: ExportOptions,
  counted: { blobs: number },
): AsyncGenerator<Buffer> {
  yield encodeHeader(header);
  let chain: Uint8Array = chainStart;
  for await (const records of recordsUpTo(log, header.end)) {
    const frames = records.map((record) => {
      const { position, control, value, appendedAtMs } = record;
      const { hash, mac } = identify(control ? null : value);
      chain = nextChain(chain, position, hash, mac);
      return encodeFrame({ kind: 'record', position, control, value, appendedAtMs, chain });
    });
    yield Buffer.concat(frames);
    onProgress?.((records.at(-1)?.position ?? -1) + 1, header.end);
  }
  if (Buffer.from(chain).toString('hex') !== header.chain) {
    throw new Failure('DIVERGED', 'the log is not the history that identity has signed');
  }
  for await (const { id } of vault?.list() ?? []) {
    const blob = await vault?.get(id);
    // It may have been erased meanwhile.
    if (blob === undefined) continue;
    yield encodeFrame({ kind: 'blob', id, blob });
    counted.blobs += 1;
  }
  yield encodeFrame({ kind: 'end', records: header.end, blobs: counted.blobs });
}

/** The records before `end`, in the batches of the log. Rejects LEDGER_UNAVAILABLE if it ends before. */
export async function* recordsUpTo(
  log: EventLog,
  end: number,
  from = 0,
): AsyncGenerator<readonly LogRecord[]> {
  if (from >= end) return;
  const stop = new AbortController();
  try {
    for await (const batch of log.tail(from, stop.signal)) {
      const records = batch.records.filter(({ position }) => position < end);
      if (records.length > 0) yield records;
      if (records.at(-1)?.position === end - 1) return;
    }
  } finally {
    stop.abort();
  }
  throw new Failure('LEDGER_UNAVAILABLE', 'the ledger ended while it was being read');
}

function decodedHead(statement: Uint8Array): Checkpoint {
  const head = checkpointCodec.decode(statement);
  if (head.ok) return head.value;
  throw new Failure('INTERNAL', `identity signed what cannot be read: ${head.problem}`);
}

async function auditKeyOf(log: EventLog, clusterId: string): Promise<string> {
  for (let position = 0; position < GENESIS_WITHIN; position++) {
    const record = await log.read(position);
    if (record === undefined) break;
    const decoded = decodeRecord(record.value ?? new Uint8Array(0));
    if (typeof decoded === 'string' || decoded.header.kind !== RecordKind.GENESIS) continue;
    const genesis = genesisCodec.decode(decoded.payload);
    if (!genesis.ok || genesis.value.clusterId !== clusterId) continue;
    return Buffer.from(genesis.value.auditPublicKey).toString('base64url');
  }
  throw new Failure('NOT_FOUND', 'the ledger has no GENESIS of the cluster that identity serves');
}

async function refuseExisting(path: string): Promise<void> {
  const there = await open(path, 'r').catch(() => undefined);
  await there?.close();
  if (there !== undefined) throw new Failure('ALREADY_EXISTS', `${path} exists already`);
}

async function finish(path: string, trailer: Buffer): Promise<void> {
  const file = await open(path, 'a');
  try {
    await file.write(trailer);
    await file.sync();
  } finally {
    await file.close();
  }
}
