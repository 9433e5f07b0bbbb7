import { Failure } from '#libs/errors/failure.js';

/**
 * A file that holds a ledger, version 1:
 *
 * ```
 * gzip ( "LGX1" ‖ header (JSON behind its length in 4 bytes)
 *        ‖ per record  01 ‖ flags (1: control, 2: null value) ‖ position (8) ‖ taken at, ms (double)
 *                         ‖ first 8 bytes of the chain ‖ length (4) ‖ value
 *        ‖ per blob    02 ‖ length (2) ‖ vault id ‖ length (4) ‖ sealed blob
 *        ‖ at the end  03 ‖ number of records (8) ‖ number of blobs (8) )
 * "LGXT" ‖ length (4) ‖ signed head ‖ signature (64) ‖ length of this trailer (4) ‖ "LGXE"
 * ```
 * Integers are big-endian. The signature is over the SHA-256 of everything before it; the signed head
 * states position, chain and verdicts of the last record. Both are by the audit key of GENESIS.
 */
export interface FileHeader {
  readonly format: 1;
  readonly clusterId: string;
  /** Name of the ledger: mac keys are derived for it. */
  readonly ledger: string;
  readonly epoch: number;
  /** Base64url of the 32 bytes that GENESIS names. */
  readonly auditPublicKey: string;
  /** Position after the last record. */
  readonly end: number;
  /** Hex of the chain at the last record. */
  readonly chain: string;
  /** The sealed blobs of the vault are part of the file. */
  readonly vault: boolean;
}

export interface RecordFrame {
  readonly kind: 'record';
  readonly position: number;
  readonly control: boolean;
  readonly value: Uint8Array | null;
  readonly appendedAtMs: number;
  /** First 8 bytes of the chain at this record. */
  readonly chain: Uint8Array;
}

export interface BlobFrame {
  readonly kind: 'blob';
  readonly id: string;
  readonly blob: Uint8Array;
}

export interface EndFrame {
  readonly kind: 'end';
  readonly records: number;
  readonly blobs: number;
}

export type Frame = RecordFrame | BlobFrame | EndFrame;

export interface Trailer {
  /** A checkpoint statement, encoded. */
  readonly statement: Uint8Array;
  readonly signature: Uint8Array;
}

export const fileMagic = Buffer.from('LGX1', 'latin1');
const trailerMagic = Buffer.from('LGXT', 'latin1');
const endMagic = Buffer.from('LGXE', 'latin1');
/** Behind the trailer's signature: its length and the last word. */
export const tailBytes = 8;
const signatureBytes = 64;
/** Far more than a record or a blob can have: what says more is damaged. */
export const longestPart = 64 * 1024 * 1024;
const recordBytes = 1 + 1 + 8 + 8 + 8 + 4;

/** The file is no export of a ledger, or was damaged. */
export function damaged(what: string): Failure {
  return new Failure('INVALID_ARGUMENT', `the file is damaged, or is no ledger: ${what}`);
}

export function encodeHeader(header: FileHeader): Buffer {
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([fileMagic, length, json]);
}

export function encodeFrame(frame: Frame): Buffer {
  if (frame.kind === 'record') return encodeRecordFrame(frame);
  if (frame.kind === 'blob') return encodeBlobFrame(frame);
  const out = Buffer.alloc(17, 3);
  out.writeBigUInt64BE(BigInt(frame.records), 1);
  out.writeBigUInt64BE(BigInt(frame.blobs), 9);
  return out;
}

function encodeRecordFrame(frame: RecordFrame): Buffer {
  const value = frame.value ?? new Uint8Array(0);
  const out = Buffer.allocUnsafe(recordBytes + value.length);
  out[0] = 1;
  out[1] = (frame.control ? 1 : 0) | (frame.value === null ? 2 : 0);
  out.writeBigUInt64BE(BigInt(frame.position), 2);
  out.writeDoubleBE(frame.appendedAtMs, 10);
  out.set(frame.chain.subarray(0, 8), 18);
  out.writeUInt32BE(value.length, 26);
  out.set(value, recordBytes);
  return out;
}

function encodeBlobFrame({ id, blob }: BlobFrame): Buffer {
  const name = Buffer.from(id, 'utf8');
  const out = Buffer.allocUnsafe(3 + name.length + 4 + blob.length);
  out[0] = 2;
  out.writeUInt16BE(name.length, 1);
  out.set(name, 3);
  out.writeUInt32BE(blob.length, 3 + name.length);
  out.set(blob, 3 + name.length + 4);
  return out;
}

/** A header and where it ends; `undefined`: more bytes are needed. Throws on what is no header. */
export function decodeHeader(bytes: Buffer): readonly [FileHeader, number] | undefined {
  if (bytes.length < 8) return undefined;
  if (!bytes.subarray(0, 4).equals(fileMagic)) throw damaged('it does not begin like one');
  const end = 8 + lengthOf(bytes.readUInt32BE(4));
  if (bytes.length < end) return undefined;
  let header: Partial<FileHeader>;
  try {
    header = JSON.parse(bytes.subarray(8, end).toString('utf8')) as Partial<FileHeader>;
  } catch {
    throw damaged('its header cannot be read');
  }
  if (header.format !== 1 || !Number.isSafeInteger(header.end) || (header.end ?? 0) < 1) {
    throw damaged('its header is of another format');
  }
  return [header as FileHeader, end];
}

/** The frame at `at` and where it ends; `undefined`: more bytes are needed. Throws on what is none. */
export function decodeFrame(bytes: Buffer, at: number): readonly [Frame, number] | undefined {
  switch (bytes[at]) {
    case undefined:
      return undefined;
    case 1:
      return decodeRecordFrame(bytes, at);
    case 2:
      return decodeBlobFrame(bytes, at);
    case 3: {
      if (bytes.length < at + 17) return undefined;
      const records = Number(bytes.readBigUInt64BE(at + 1));
      const blobs = Number(bytes.readBigUInt64BE(at + 9));
      return [{ kind: 'end', records, blobs }, at + 17];
    }
    default:
      throw damaged('something that is neither a record nor a blob');
  }
}

function decodeRecordFrame(bytes: Buffer, at: number): readonly [Frame, number] | undefined {
  if (bytes.length < at + recordBytes) return undefined;
  const flags = bytes.readUInt8(at + 1);
  const from = at + recordBytes;
  const end = from + lengthOf(bytes.readUInt32BE(at + 26));
  if (bytes.length < end) return undefined;
  if (flags > 3 || (flags >= 2 && end > from)) throw damaged('a record with unknown flags');
  const frame: RecordFrame = {
    kind: 'record',
    position: Number(bytes.readBigUInt64BE(at + 2)),
    control: (flags & 1) !== 0,
    value: flags >= 2 ? null : bytes.subarray(from, end),
    appendedAtMs: bytes.readDoubleBE(at + 10),
    chain: bytes.subarray(at + 18, at + 26),
  };
  return [frame, end];
}

function decodeBlobFrame(bytes: Buffer, at: number): readonly [Frame, number] | undefined {
  if (bytes.length < at + 3) return undefined;
  const lengthAt = at + 3 + bytes.readUInt16BE(at + 1);
  if (bytes.length < lengthAt + 4) return undefined;
  const end = lengthAt + 4 + lengthOf(bytes.readUInt32BE(lengthAt));
  if (bytes.length < end) return undefined;
  const id = bytes.subarray(at + 3, lengthAt).toString('utf8');
  return [{ kind: 'blob', id, blob: bytes.subarray(lengthAt + 4, end) }, end];
}

/** The part of the trailer that the signature covers, too. */
export function encodeStatement(statement: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(statement.length);
  return Buffer.concat([trailerMagic, length, statement]);
}

/** Whatever follows `encodeStatement`. */
export function encodeSignature(statement: Uint8Array, signature: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(trailerLength(statement.length));
  return Buffer.concat([signature, length, endMagic]);
}

/** Length of a whole trailer by the last 8 bytes of a file. Throws on what is no end of one. */
export function trailerLengthOf(tail: Buffer): number {
  if (!tail.subarray(4).equals(endMagic)) throw damaged('it does not end like one');
  return tail.readUInt32BE(0);
}

export function decodeTrailer(bytes: Buffer): Trailer {
  const length = bytes.length < 8 ? 0 : bytes.readUInt32BE(4);
  if (!bytes.subarray(0, 4).equals(trailerMagic) || bytes.length !== trailerLength(length)) {
    throw damaged('its trailer cannot be read');
  }
  const end = 8 + length;
  return {
    statement: bytes.subarray(8, end),
    signature: bytes.subarray(end, end + signatureBytes),
  };
}

function trailerLength(statement: number): number {
  return 8 + statement + signatureBytes + tailBytes;
}

function lengthOf(length: number): number {
  if (length > longestPart) throw damaged('an impossible length');
  return length;
}
