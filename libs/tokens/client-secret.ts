import type { Random } from '#libs/runtime/ids.js';
import { generateSecretText, secretTextSha256, type NewSecretText } from './secret-text.js';

const mark = 'lgcs_';
const prefixLength = 8;

/** A new secret of an OAuth client, in the form of `secret-text.ts`: shown once, kept as SHA-256. */
export interface NewClientSecretText extends NewSecretText {
  /** The first 8 characters after the mark, to recognise it by. */
  readonly prefix: string;
}

export function generateClientSecret(random: Random): NewClientSecretText {
  const made = generateSecretText(mark, random);
  return { ...made, prefix: made.text.slice(mark.length, mark.length + prefixLength) };
}

/** Its SHA-256 (base64url) when mark, length, alphabet and checksum fit, else undefined. */
export function clientSecretSha256(text: string): string | undefined {
  return secretTextSha256(mark, text);
}
