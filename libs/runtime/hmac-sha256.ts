import { hash as digest } from 'node:crypto';

const blockBytes = 64;
const hashBytes = 32;
const innerPad = 0x36;
const outerPad = 0x5c;

/**
 * HMAC-SHA-256 of short messages under one key of at most a block (RFC 2104, section 2). Two plain
 * digests over a key that was prepared once (section 4): a Hmac object of node:crypto prepares it for
 * each message, which costs twice as much.
 */
export class HmacSha256 {
  readonly #inner: Buffer;
  readonly #outer: Buffer;

  /** Throws RangeError for a key that is longer than a block. */
  constructor(key: Uint8Array) {
    if (key.length > blockBytes) throw new RangeError('the key is longer than a block');
    this.#inner = padded(key, innerPad, blockBytes);
    this.#outer = padded(key, outerPad, blockBytes + hashBytes);
  }

  /** 32 bytes. */
  of(message: Uint8Array): Buffer {
    const input = Buffer.allocUnsafe(blockBytes + message.length);
    input.set(this.#inner, 0);
    input.set(message, blockBytes);
    this.#outer.write(digest('sha256', input, 'binary'), blockBytes, 'latin1');
    return Buffer.from(digest('sha256', this.#outer, 'binary'), 'latin1');
  }
}

/** The key, filled up with zeros to a block and mixed with the pad; room behind it up to `size`. */
function padded(key: Uint8Array, pad: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.fill(pad, 0, blockBytes);
  for (let i = 0; i < key.length; i++) bytes[i] = (key[i] as number) ^ pad;
  return bytes;
}
