import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Random } from '#libs/runtime/ids.js';

/** A new API key: `text` is shown once, `sha256` is kept. */
export interface NewApiKey {
  readonly text: string;
  /** SHA-256 over the whole text, base64url without padding. */
  readonly sha256: string;
}

const prefix = 'lgk_';
const secretLength = 43;
const checksumLength = 6;
const checksumAt = prefix.length + secretLength + 1;
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Value of each base62 digit by its character code; -1 for every other character. */
const digitOf = Int8Array.from({ length: 128 }, (_, code) =>
  digits.indexOf(String.fromCharCode(code)),
);

/**
 * `lgk_` + 256 random bits in base62 (43) + `_` + CRC-32 of what stands before the `_`, in base62
 * (6). Secret scanners know it by its prefix, and by its checksum tell it from a placeholder.
 */
export function generateApiKey(random: Random): NewApiKey {
  const value = BigInt(`0x${Buffer.from(random.bytes(32)).toString('hex')}`);
  const head = prefix + base62(value, secretLength);
  const text = `${head}_${base62(BigInt(crc32(head)), checksumLength)}`;
  return { text, sha256: hash('sha256', text, 'base64url') };
}

/** Looks like an API key at all (prefix only): tells it from an access token. */
export function isApiKey(text: string): boolean {
  return text.startsWith(prefix);
}

/**
 * Its SHA-256 (base64url) when prefix, length, alphabet and checksum fit, else undefined. Whether
 * such a key exists is for the caller to look up; the hash is the index, so no comparison of
 * secrets takes place.
 */
export function apiKeySha256(text: string): string | undefined {
  if (text.length !== checksumAt + checksumLength || !isApiKey(text)) return undefined;
  if (text.charCodeAt(checksumAt - 1) !== 0x5f) return undefined;
  for (let i = prefix.length; i < checksumAt - 1; i++) {
    if (digit(text, i) < 0) return undefined;
  }
  let checksum = 0;
  for (let i = checksumAt; i < text.length; i++) {
    const value = digit(text, i);
    if (value < 0) return undefined;
    checksum = checksum * 62 + value;
  }
  if (checksum !== crc32(text.slice(0, checksumAt - 1))) return undefined;
  return hash('sha256', text, 'base64url');
}

function digit(text: string, at: number): number {
  return digitOf[text.charCodeAt(at)] ?? -1;
}

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n) {
    text = (digits[Number(rest % 62n)] ?? '') + text;
  }
  return text;
}
