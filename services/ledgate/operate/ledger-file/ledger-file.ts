import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { Failure } from '#libs/errors/failure.js';
import {
  damaged,
  decodeFrame,
  decodeHeader,
  decodeTrailer,
  tailBytes,
  trailerLengthOf,
  type FileHeader,
  type Frame,
  type Trailer,
} from './file-format.js';

/** A ledger in a file. Nothing of it is trusted until `verifyFile` has proved it. */
export interface LedgerFile {
  readonly path: string;
  readonly header: FileHeader;
  readonly trailer: Trailer;
  /** SHA-256 of all that the signature covers. Reads the whole file. */
  digest(): Promise<Uint8Array>;
  /** Everything but the header, in order, the end last. Rejects INVALID_ARGUMENT on damage. */
  frames(): AsyncGenerator<Frame>;
}

/** Rejects NOT_FOUND, or INVALID_ARGUMENT for a file whose beginning or end is not that of a ledger. */
export async function openLedgerFile(path: string): Promise<LedgerFile> {
  const { trailer, contentEnd, signedEnd } = await readTrailer(path);
  const header = await readHeader(path, contentEnd);
  return {
    path,
    header,
    trailer,
    digest: () => digestOf(path, signedEnd),
    frames: () => framesOf(path, contentEnd),
  };
}

async function readTrailer(path: string): Promise<{
  readonly trailer: Trailer;
  readonly contentEnd: number;
  readonly signedEnd: number;
}> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new Failure('NOT_FOUND', `cannot read ${path}`, { cause });
  });
  try {
    const { size } = await file.stat();
    if (size < tailBytes) throw damaged('it is too short');
    const tail = Buffer.alloc(tailBytes);
    await file.read(tail, 0, tailBytes, size - tailBytes);
    const length = trailerLengthOf(tail);
    if (length > size || length > 1_048_576) throw damaged('it does not end like one');
    const bytes = Buffer.alloc(length);
    await file.read(bytes, 0, length, size - length);
    const trailer = decodeTrailer(bytes);
    const contentEnd = size - length;
    const signedEnd = contentEnd + 8 + trailer.statement.length;
    return { trailer, contentEnd, signedEnd };
  } finally {
    await file.close();
  }
}

async function readHeader(path: string, contentEnd: number): Promise<FileHeader> {
  let bytes: Buffer = Buffer.alloc(0);
  for await (const chunk of content(path, contentEnd)) {
    bytes = Buffer.concat([bytes, chunk]);
    const decoded = decodeHeader(bytes);
    if (decoded !== undefined) return decoded[0];
  }
  throw damaged('it ends within its header');
}

async function digestOf(path: string, end: number): Promise<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { end: end - 1 })) hash.update(chunk as Buffer);
  return hash.digest();
}

async function* framesOf(path: string, contentEnd: number): AsyncGenerator<Frame> {
  let bytes: Buffer = Buffer.alloc(0);
  let at = 0;
  let inHeader = true;
  let ended = false;
  for await (const chunk of content(path, contentEnd)) {
    bytes = at < bytes.length ? Buffer.concat([bytes.subarray(at), chunk]) : chunk;
    at = 0;
    if (inHeader) {
      const header = decodeHeader(bytes);
      if (header === undefined) continue;
      [, at] = header;
      inHeader = false;
    }
    for (;;) {
      const decoded = decodeFrame(bytes, at);
      if (decoded === undefined) break;
      if (ended) throw damaged('something after its end');
      const [frame, next] = decoded;
      at = next;
      ended = frame.kind === 'end';
      yield frame;
    }
  }
  if (!ended || at < bytes.length) throw damaged('its end is missing');
}

async function* content(path: string, end: number): AsyncGenerator<Buffer> {
  if (end < 1) throw damaged('it is empty');
  const raw = createReadStream(path, { end: end - 1, highWaterMark: 262_144 });
  const plain = createGunzip({ chunkSize: 262_144 });
  raw.on('error', (error) => plain.destroy(error));
  try {
    for await (const chunk of raw.pipe(plain)) yield chunk as Buffer;
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) {
      throw damaged(`it cannot be decompressed (${String(error.code)})`);
    }
    throw error;
  } finally {
    raw.destroy();
    plain.destroy();
  }
}
