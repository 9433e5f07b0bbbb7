import { timingSafeEqual } from 'node:crypto';
import { systemTenant } from '#libs/events/envelope.js';
import { HmacSha256 } from '#libs/runtime/hmac-sha256.js';
import { checksumOf } from './secret-text.js';

/** What a refresh token says, once its MAC was right. */
export interface RefreshTokenFacts {
  readonly tenant: string;
  readonly family: string;
  /** Counts up with each rotation; the first is 0. */
  readonly generation: number;
  /** It was given out again because the ledger could not be asked: see `docs/sessions.md`. */
  readonly outage: boolean;
}

/** Key that refresh tokens are made with, by its version; undefined: this version is not here. */
export type RefreshKeys = (version: number) => Uint8Array | undefined;

const mark = 'lgr_';
const idBytes = 16;
const macBytes = 28;
/** Version (1) · flags (1) · tenant (16) · family (16) · generation (4). */
const headBytes = 6 + 2 * idBytes;
/** A multiple of 3: base64url without unused bits, so that a token has one spelling only. */
const textLength = ((headBytes + macBytes) / 3) * 4;
const checksumLength = 6;
const outageFlag = 1;
const noId = '00'.repeat(idBytes);
const familyMark = Buffer.from('family');
const prepared = new WeakMap<Uint8Array, HmacSha256>();

/**
 * The token of one generation of a family: `lgr_`, base64url of head and MAC, `_`, checksum. The MAC
 * is under a key of the family, HMAC-SHA-256 of its id: so any instance derives the same token from
 * the same generation, and nothing of it is stored. `family` is a UUID; a tenant is one, or `system`.
 */
export function refreshToken(facts: RefreshTokenFacts, version: number, key: Uint8Array): string {
  const head = Buffer.alloc(headBytes);
  head.writeUInt8(version, 0);
  head.writeUInt8(facts.outage ? outageFlag : 0, 1);
  idOf(facts.tenant).copy(head, 2);
  idOf(facts.family).copy(head, 2 + idBytes);
  head.writeUInt32BE(facts.generation, 2 + 2 * idBytes);
  const body = `${mark}${Buffer.concat([head, macOf(head, key)]).toString('base64url')}`;
  return `${body}_${checksumOf(body)}`;
}

/** Looks like a refresh token at all (mark only). */
export function isRefreshToken(text: string): boolean {
  return text.startsWith(mark);
}

/** What it says, if one of our keys made it; else undefined, without a look at any state. */
export function readRefreshToken(text: string, keys: RefreshKeys): RefreshTokenFacts | undefined {
  const bodyLength = mark.length + textLength;
  if (text.length !== bodyLength + 1 + checksumLength || !isRefreshToken(text)) return undefined;
  const body = text.slice(0, bodyLength);
  if (text.slice(bodyLength) !== `_${checksumOf(body)}`) return undefined;
  const bytes = Buffer.from(body.slice(mark.length), 'base64url');
  if (bytes.length !== headBytes + macBytes) return undefined;
  const head = bytes.subarray(0, headBytes);
  const key = keys(head.readUInt8(0));
  const flags = head.readUInt8(1);
  if (key === undefined || flags > outageFlag) return undefined;
  if (!timingSafeEqual(macOf(head, key), bytes.subarray(headBytes))) return undefined;
  return {
    tenant: textOf(head.subarray(2, 2 + idBytes)),
    family: textOf(head.subarray(2 + idBytes, 2 + 2 * idBytes)),
    generation: head.readUInt32BE(2 + 2 * idBytes),
    outage: flags === outageFlag,
  };
}

function macOf(head: Buffer, key: Uint8Array): Buffer {
  const family = Buffer.concat([familyMark, head.subarray(2, 2 + 2 * idBytes)]);
  const familyKey = preparedFor(key).of(family);
  return new HmacSha256(familyKey).of(head).subarray(0, macBytes);
}

/** A cell has few keys, and makes and reads all its tokens with them. */
function preparedFor(key: Uint8Array): HmacSha256 {
  const known = prepared.get(key);
  if (known !== undefined) return known;
  const hmac = new HmacSha256(key);
  prepared.set(key, hmac);
  return hmac;
}

/** 16 bytes; the tenant that owns the cluster has no UUID and is written as zeros. */
function idOf(id: string): Buffer {
  if (id === systemTenant) return Buffer.alloc(idBytes);
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex');
  if (bytes.length !== idBytes) throw new RangeError('not a UUID');
  return bytes;
}

function textOf(id: Buffer): string {
  const hex = id.toString('hex');
  if (hex === noId) return systemTenant;
  const end = `${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${end}`;
}
