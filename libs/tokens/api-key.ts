import type { Random } from '#libs/runtime/ids.js';
import { generateSecretText, secretTextSha256, type NewSecretText } from './secret-text.js';

/** A new API key: `text` is shown once, `sha256` is kept. */
export type NewApiKey = NewSecretText;

const mark = 'lgk_';

/** `lgk_`, 256 random bits and a checksum: the form of `secret-text.ts`. */
export function generateApiKey(random: Random): NewApiKey {
  return generateSecretText(mark, random);
}

/** Looks like an API key at all (mark only): tells it from an access token. */
export function isApiKey(text: string): boolean {
  return text.startsWith(mark);
}

/** Its SHA-256 (base64url) when mark, length, alphabet and checksum fit, else undefined. */
export function apiKeySha256(text: string): string | undefined {
  return secretTextSha256(mark, text);
}
