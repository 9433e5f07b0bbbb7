import type { Random } from '#libs/runtime/ids.js';
import { generateSecretText, secretTextSha256, type NewSecretText } from './secret-text.js';

const mark = 'lgs_';

/**
 * A new session token: `lgs_`, 256 random bits and a checksum, the form of `secret-text.ts`. Whoever
 * has it is in the session; the ledger holds its SHA-256 only.
 */
export function generateSessionToken(random: Random): NewSecretText {
  return generateSecretText(mark, random);
}

/** Looks like a session token at all (mark only): tells it from other credentials. */
export function isSessionToken(text: string): boolean {
  return text.startsWith(mark);
}

/** Its SHA-256 (base64url) when mark, length, alphabet and checksum fit, else undefined. */
export function sessionTokenSha256(text: string): string | undefined {
  return secretTextSha256(mark, text);
}
