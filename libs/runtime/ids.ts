import { randomFillSync } from 'node:crypto';
import type { Clock } from './clock.js';

/** Where random bytes come from; simulations give a seeded one. */
export interface Random {
  /** `count` fresh bytes that nobody else holds. */
  bytes(count: number): Uint8Array;
}

/** Everything that is named by us gets its name here. */
export interface Ids {
  /** UUIDv7 (RFC 9562 section 5.7), each greater than the one before, lower case with dashes. */
  uuid(): string;
  /** 128 random bits, base64url, 22 characters: vault ids, `jti`. Tells nothing about time. */
  opaque(): string;
  /** 80 random bits, lower-case base32, 16 characters: request ids, reference numbers in logs. */
  short(): string;
}

const poolSize = 4096;

/** The system's cryptographic generator, read in pools: a call costs no system call. */
export const systemRandom: Random = (() => {
  let pool = Buffer.alloc(0);
  let used = 0;
  return {
    bytes(count: number): Uint8Array {
      if (count > poolSize / 4) return randomFillSync(Buffer.alloc(count));
      if (used + count > pool.length) {
        pool = randomFillSync(Buffer.alloc(poolSize));
        used = 0;
      }
      used += count;
      return pool.subarray(used - count, used);
    },
  };
})();

const base32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** Ids from a clock and a source of randomness; equal sources give equal ids. */
export function createIds(clock: Clock, random: Random): Ids {
  const nextV7 = createUuidV7(clock, random);
  return {
    uuid: () => formatUuid(nextV7()),
    opaque: () => Buffer.from(random.bytes(16)).toString('base64url'),
    short: () => Array.from(random.bytes(16), (byte) => base32[byte & 31]).join(''),
  };
}

/**
 * RFC 9562 section 6.2, method 1: `rand_a` is a counter that starts at a random value below half
 * its range in each millisecond; when it overflows, or the clock went back, the time of the id
 * runs ahead of the clock.
 */
function createUuidV7(clock: Clock, random: Random): () => Buffer {
  let lastMs = -1;
  let counter = 0;
  return () => {
    const bytes = Buffer.from(random.bytes(16));
    const nowMs = Math.trunc(clock.wallMs());
    if (nowMs > lastMs) {
      lastMs = nowMs;
      counter = bytes.readUInt16BE(6) & 0x7ff;
    } else if (counter < 0xfff) {
      counter += 1;
    } else {
      lastMs += 1;
      counter = bytes.readUInt16BE(6) & 0x7ff;
    }
    bytes.writeUIntBE(lastMs, 0, 6);
    bytes.writeUInt16BE(0x7000 | counter, 6);
    bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
    return bytes;
  };
}

function formatUuid(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
