import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Random } from '#libs/runtime/ids.js';

/** A new secret: `text` is shown once, `sha256` is kept. */
export interface NewSecretText {
  readonly text: string;
  /** SHA-256 over the whole text, base64url without padding. */
  readonly sha256: string;
}

const secretLength = 43;
const checksumLength = 6;
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Value of each base62 digit by its character code; -1 for every other character. */
const digitOf = Int8Array.from({ length: 128 }, (_, code) =>
  digits.indexOf(String.fromCharCode(code)),
);

/**
 * The mark (`lgk_`) + 256 random bits in base62 (43) + `_` + CRC-32 of what stands
 * before the `_`, in base62 (6). Secret scanners know it by its mark, and by its checksum tell it
 * from a placeholder.
 */
export function generateSecretText(mark: string, random: Random): NewSecretText {
  const value = BigInt(`0x${Buffer.from(random.bytes(32)).toString('hex')}`);
  const head = mark + base62(value, secretLength);
  const text = `${head}_${checksumOf(head)}`;
  return { text, sha256: hash('sha256', text, 'base64url') };
}

/**
 * Its SHA-256 (base64url) when mark, length, alphabet and checksum fit, else undefined. Whether such
 * a secret exists is for the caller to look up; the hash is the index, so no comparison of secrets
 * takes place.
 */
export function secretTextSha256(mark: string, text: string): string | undefined {
  const checksumAt = mark.length + secretLength + 1;
  if (text.length !== checksumAt + checksumLength || !text.startsWith(mark)) return undefined;
  if (text.charCodeAt(checksumAt - 1) !== 0x5f) return undefined;
  for (let i = mark.length; i < checksumAt - 1; i++) {
    if (digit(text, i) < 0) return undefined;
  }
  const head = text.slice(0, checksumAt - 1);
  if (text.slice(checksumAt) !== checksumOf(head)) return undefined;
  return hash('sha256', text, 'base64url');
}

/** CRC-32 of a text, as 6 digits in base62. */
export function checksumOf(text: string): string {
  let digitsOf = '';
  for (let rest = crc32(text); digitsOf.length < checksumLength; rest = Math.trunc(rest / 62)) {
    digitsOf = digits.charAt(rest % 62) + digitsOf;
  }
  return digitsOf;
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
