import type { Random } from '#libs/runtime/ids.js';

/** A new API key: `text` is shown once, `sha256` is kept. */
export interface NewApiKey {
  readonly text: string;
  /** SHA-256 over the whole text, base64url without padding. */
  readonly sha256: string;
}

/** `lgk_` + 256 random bits in base62 (43) + `_` + CRC-32 of what stands before, base62 (6). */
export function generateApiKey(_random: Random): NewApiKey {
  throw new Error('being written');
}

/** Its SHA-256 (base64url) when prefix, length, alphabet and checksum fit, else undefined. */
export function apiKeySha256(_text: string): string | undefined {
  throw new Error('being written');
}

/** Looks like an API key at all (prefix only): tells it from an access token. */
export function isApiKey(text: string): boolean {
  return text.startsWith('lgk_');
}
