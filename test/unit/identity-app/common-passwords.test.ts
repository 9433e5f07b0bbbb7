import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  builtInList,
  commonPasswords,
  holds,
} from '#services/identity/adapters/common-passwords.js';

const { size, hashes } = builtInList();
const at = (index: number): Buffer => hashes.subarray(index * size, (index + 1) * size);
const count = hashes.length / size;

describe('the list of common passwords', () => {
  it('has at least 100,000, in order and each once (ASVS 6.2.4)', () => {
    expect(count).toBe(200_000);
    const ascending = Array.from({ length: count - 1 }, (_, index) => index).every(
      (index) => Buffer.compare(at(index), at(index + 1)) < 0,
    );
    expect(ascending).toBe(true);
  });

  it.each(['password', '123456789', 'iloveyou', 'football', 'qwertyuiop', 'passw0rd', 'liverpool'])(
    'knows %s',
    (word) => expect(commonPasswords.has(word)).toBe(true),
  );

  it('refuses next to none of the others: 50,000 made-up ones pass', () => {
    const made = Array.from({ length: 50_000 }, (_, index) =>
      createHash('sha256').update(`made up ${index}`).digest('base64url').toLowerCase(),
    );
    expect(made.filter((word) => commonPasswords.has(word))).toEqual([]);
  });

  it('finds the first, the last and each between, and nothing in an empty list', () => {
    const words = ['a', 'b', 'c', 'd', 'e'];
    const sorted = words
      .map((word) => createHash('sha256').update(word).digest().subarray(0, 5))
      .toSorted((one, other) => Buffer.compare(one, other));
    const list = { size: 5, hashes: Buffer.concat(sorted) };
    expect(words.every((word) => holds(list, word))).toBe(true);
    expect(holds(list, 'f')).toBe(false);
    expect(holds({ size: 5, hashes: Buffer.alloc(0) }, 'a')).toBe(false);
  });
});
