import { macBytes, sha256 } from './record.js';

/** chain(-1): 32 zero bytes. */
export const chainStart: Uint8Array = new Uint8Array(32);

const scratch = Buffer.alloc(32 + 8 + 32 + macBytes);

/**
 * chain(p) = SHA-256(chain(p-1) ‖ uint64(p) ‖ hash(p) ‖ mac(p)), over every record, accepted or
 * void. Two readers with the same value have read the same bytes from the first position on.
 */
export function nextChain(
  previous: Uint8Array,
  position: number,
  hash: Uint8Array,
  mac: Uint8Array,
): Buffer {
  scratch.set(previous, 0);
  scratch.writeUInt32BE(Math.floor(position / 0x1_0000_0000), 32);
  scratch.writeUInt32BE(position >>> 0, 36);
  scratch.set(hash, 40);
  scratch.set(mac, 72);
  return sha256(scratch);
}
