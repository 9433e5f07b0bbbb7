import { createHash } from 'node:crypto';
import data from './common-passwords.json' with { type: 'json' };
import type { BlockList } from '#services/identity/ports/block-list.js';

/** Sorted hashes, each cut to `size` bytes. */
export interface HashList {
  readonly size: number;
  readonly hashes: Buffer;
}

let list: HashList | undefined;

/** Read on first use, then kept: 1 MB. */
export function builtInList(): HashList {
  list ??= { size: data.hashBytes, hashes: Buffer.from(data.hashes, 'base64') };
  return list;
}

/**
 * The 200,000 most used passwords that are long enough to be one. Of other passwords it refuses
 * one in 5.5 million by mistake: 200,000 of the 2^40 values that five bytes have are taken.
 */
export const commonPasswords: BlockList = { has: (folded) => holds(builtInList(), folded) };

/** Whether the SHA-256 of `word` begins as one of the list. */
export function holds({ size, hashes }: HashList, word: string): boolean {
  const wanted = createHash('sha256').update(word).digest().subarray(0, size);
  let [low, high] = [0, hashes.length / size - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = wanted.compare(hashes, middle * size, (middle + 1) * size);
    if (order === 0) return true;
    if (order < 0) high = middle - 1;
    else low = middle + 1;
  }
  return false;
}
