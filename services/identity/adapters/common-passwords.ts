import data from './common-passwords.json' with { type: 'json' };
import type { BlockList } from '#services/identity/ports/block-list.js';

let words: ReadonlySet<string> | undefined;

/** The built-in block list; read on first use. */
export const commonPasswords: BlockList = {
  has: (folded) => {
    words ??= new Set(data.words.split(' '));
    return words.has(folded);
  },
};
