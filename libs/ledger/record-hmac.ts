import { hash as digest } from 'node:crypto';

const blockBytes = 64;
const hashBytes = 32;
const innerPad = 0x36;
const outerPad = 0x5c;

/**
 * HMAC-SHA-256 over 32-byte hashes under one key of at most a block (RFC 2104, section 2). Two plain
 * digests over a key that was prepared once (section 4): a Hmac object of node:crypto prepares it for
 * each record, which costs twice as much.
 */
export class RecordHmac {
  readonly #inner: Buffer;
  readonly #outer: Buffer;

  /** Throws RangeError for a key that is longer than a block. */
  constructor(key: Uint8Array) {
    if (key.length > blockBytes) throw new RangeError('the key is longer than a block');
    this.#inner = padded(key, innerPad);
    this.#outer = padded(key, outerPad);
  }

  /** 32 bytes. Throws RangeError for anything but 32 bytes. */
  of(hash: Uint8Array): Buffer {
    if (hash.length !== hashBytes)
      throw new RangeError(`expected a hash, got ${hash.length} bytes`);
    this.#inner.set(hash, blockBytes);
    this.#outer.write(digest('sha256', this.#inner, 'binary'), blockBytes, 'latin1');
    return Buffer.from(digest('sha256', this.#outer, 'binary'), 'latin1');
  }
}

/** The key, filled up with zeros to a block and mixed with the pad; room for a hash behind it. */
function padded(key: Uint8Array, pad: number): Buffer {
  const bytes = Buffer.alloc(blockBytes + hashBytes);
  for (let i = 0; i < blockBytes; i++) bytes[i] = (key[i] ?? 0) ^ pad;
  return bytes;
}
