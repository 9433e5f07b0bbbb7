import { hashOf, keyText, type Key } from './keys.js';

const perGeneration = 2_048;

let young = new Map<string, Uint8Array>();
let old = new Map<string, Uint8Array>();

/**
 * As `hashOf`, and not to be changed: every command of a tenant reads the same few keys, so the hashes
 * that were asked for last are kept. `text`: that of the key.
 */
export function knownHashOf(key: Key, text: string = keyText(key)): Uint8Array {
  const known = young.get(text);
  if (known !== undefined) return known;
  const hash = old.get(text) ?? hashOf(key);
  if (young.size === perGeneration) {
    old = young;
    young = new Map();
  }
  young.set(text, hash);
  return hash;
}
