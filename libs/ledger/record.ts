import { hash as digest } from 'node:crypto';

/**
 * The record, format 1. Frozen: golden vectors in test/golden/records hold it to the byte.
 *
 * ```
 * offset size field                         offset size field
 *      0    3 "LG1"                             69    8 at, ms since the Unix epoch
 *      3    1 kind                              77    2 mac key id
 *      4    1 flags (0)                         79    2 number of reads
 *      5   16 record id, UUIDv7                 81    2 number of writes
 *     21    8 writer id                         83   16 × reads, 16 × writes
 *     29   16 tenant hash                        …    4 payload length
 *     45    8 based_on, signed                   …    n payload
 *     53   16 chain at based_on, first half      …   16 mac
 * ```
 * All integers are big-endian. `hash` is the SHA-256 of everything before the mac.
 */
export const RecordKind = {
  COMMAND: 1,
  GENESIS: 2,
  FENCE: 3,
  TICK: 4,
  CHECKPOINT: 5,
  SEAL: 6,
  OPEN: 7,
  KEY: 8,
  FEATURE_LEVEL: 9,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

export const maxRecordBytes = 256 * 1024;
export const maxRecordKeys = 256;
export const keyBytes = 16;
export const macBytes = 16;
const fixedBytes = 83;
const magic = 0x4c_47;
const formatDigit = 0x31;

export interface RecordHeader {
  /** A kind that this build knows, or any other byte (see `Judge`). */
  readonly kind: number;
  readonly flags: number;
  readonly recordId: Uint8Array;
  readonly writerId: Uint8Array;
  readonly tenantHash: Uint8Array;
  /**
   * Position whose state the writer decided on; -1: the empty ledger. Any 64 bits are well-formed;
   * beyond 2^53 the number is inexact, which no verdict depends on.
   */
  readonly basedOn: number;
  /** First 16 bytes of the chain at `basedOn`. */
  readonly chain: Uint8Array;
  readonly atMs: number;
  readonly macKeyId: number;
  readonly reads: readonly Uint8Array[];
  readonly writes: readonly Uint8Array[];
}

export interface DecodedRecord {
  readonly header: RecordHeader;
  readonly payload: Uint8Array;
  /** Everything before the mac: what `hash` covers. */
  readonly signed: Uint8Array;
  readonly mac: Uint8Array;
}

/** Encodes all but the mac. Throws RangeError on what the format cannot hold. */
export function encodeSigned(header: RecordHeader, payload: Uint8Array): Buffer {
  const keys = header.reads.length + header.writes.length;
  if (keys > maxRecordKeys) throw new RangeError(`a record names at most ${maxRecordKeys} keys`);
  const size = fixedBytes + keys * keyBytes + 4 + payload.length;
  if (size + macBytes > maxRecordBytes) {
    throw new RangeError(`a record holds at most ${maxRecordBytes} bytes`);
  }
  const out = Buffer.allocUnsafe(size);
  out.writeUInt16BE(magic, 0);
  out[2] = formatDigit;
  out[3] = header.kind;
  out[4] = header.flags;
  put(out, header.recordId, 5, 16);
  put(out, header.writerId, 21, 8);
  put(out, header.tenantHash, 29, 16);
  writePosition(out, header.basedOn, 45);
  put(out, header.chain, 53, 16);
  writePosition(out, header.atMs, 69);
  out.writeUInt16BE(header.macKeyId, 77);
  out.writeUInt16BE(header.reads.length, 79);
  out.writeUInt16BE(header.writes.length, 81);
  let at = fixedBytes;
  for (const key of header.reads) at = put(out, key, at, keyBytes);
  for (const key of header.writes) at = put(out, key, at, keyBytes);
  out.writeUInt32BE(payload.length, at);
  put(out, payload, at + 4, payload.length);
  return out;
}

/**
 * Decodes a well-formed record of format 1: one whose lengths add up. `'malformed'` counts as void for every reader, for ever;
 * `'unknown-format'` says that a newer build wrote it, and a reader must stop.
 */
export function decodeRecord(value: Uint8Array): DecodedRecord | 'malformed' | 'unknown-format' {
  const raw = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const macAt = macStart(raw);
  if (typeof macAt === 'string') return macAt;
  const readCount = raw.readUInt16BE(79);
  const writeCount = raw.readUInt16BE(81);
  const lengthAt = fixedBytes + (readCount + writeCount) * keyBytes;
  return {
    header: headerOf(raw, readCount, writeCount),
    payload: raw.subarray(lengthAt + 4, macAt),
    signed: raw.subarray(0, macAt),
    mac: raw.subarray(macAt),
  };
}

/** The two parts of a well-formed record that the chain takes in; else as `decodeRecord`. */
export function signedPart(
  value: Uint8Array,
): Pick<DecodedRecord, 'signed' | 'mac'> | 'malformed' | 'unknown-format' {
  const raw = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const macAt = macStart(raw);
  if (typeof macAt === 'string') return macAt;
  return { signed: raw.subarray(0, macAt), mac: raw.subarray(macAt) };
}

/** Where the mac begins, if all lengths add up. */
function macStart(raw: Buffer): number | 'malformed' | 'unknown-format' {
  if (raw.length > maxRecordBytes || raw.length < 3) return 'malformed';
  if (raw.readUInt16BE(0) !== magic) return 'malformed';
  if (raw[2] !== formatDigit) return 'unknown-format';
  if (raw.length < fixedBytes + 4 + macBytes) return 'malformed';
  const readCount = raw.readUInt16BE(79);
  const writeCount = raw.readUInt16BE(81);
  if (readCount + writeCount > maxRecordKeys) return 'malformed';
  const lengthAt = fixedBytes + (readCount + writeCount) * keyBytes;
  if (lengthAt + 4 + macBytes > raw.length) return 'malformed';
  const macAt = lengthAt + 4 + raw.readUInt32BE(lengthAt);
  return macAt + macBytes === raw.length ? macAt : 'malformed';
}

function headerOf(raw: Buffer, readCount: number, writeCount: number): RecordHeader {
  return {
    kind: raw[3] ?? 0,
    flags: raw[4] ?? 0,
    recordId: raw.subarray(5, 21),
    writerId: raw.subarray(21, 29),
    tenantHash: raw.subarray(29, 45),
    basedOn: raw.readInt32BE(45) * 0x1_0000_0000 + raw.readUInt32BE(49),
    chain: raw.subarray(53, 69),
    atMs: raw.readUInt32BE(69) * 0x1_0000_0000 + raw.readUInt32BE(73),
    macKeyId: raw.readUInt16BE(77),
    reads: keysAt(raw, fixedBytes, readCount),
    writes: keysAt(raw, fixedBytes + readCount * keyBytes, writeCount),
  };
}

/** SHA-256, 32 bytes. As a text first: a buffer of its own costs more than the hash. */
export function sha256(data: Uint8Array): Buffer {
  return Buffer.from(digest('sha256', data, 'binary'), 'latin1');
}

/** What the chain takes from an entry that is no well-formed record: hash of the raw value, no mac. */
export const noMac: Uint8Array = new Uint8Array(macBytes);

function keysAt(raw: Buffer, from: number, count: number): Uint8Array[] {
  const keys: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    keys.push(raw.subarray(from + i * keyBytes, from + (i + 1) * keyBytes));
  }
  return keys;
}

function put(out: Buffer, bytes: Uint8Array, at: number, size: number): number {
  if (bytes.length !== size) throw new RangeError(`expected ${size} bytes, got ${bytes.length}`);
  out.set(bytes, at);
  return at + size;
}

/** Signed 64-bit as two 32-bit halves: no BigInt on the way in or out. */
function writePosition(out: Buffer, value: number, at: number): void {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a safe integer: ${value}`);
  out.writeInt32BE(Math.floor(value / 0x1_0000_0000), at);
  out.writeUInt32BE(value >>> 0, at + 4);
}
