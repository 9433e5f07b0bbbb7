import { createHmac } from 'node:crypto';
import type { MasterKeys } from '#libs/runtime/master-keys.js';
import type { Random } from '#libs/runtime/ids.js';
import type { OneTimeCodes } from '#services/identity/ports/one-time-codes.js';

const CODES = 10;
const CODE_BYTES = 10;
/** Crockford's letters: none that is mistaken for another. */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';

/** One-time codes under a key derived from the master key: every instance knows those of another. */
export class KeyedCodes implements OneTimeCodes {
  readonly #key: Uint8Array;
  readonly #random: Random;

  constructor(keys: MasterKeys, random: Random) {
    this.#key = keys.derive('one-time codes');
    this.#random = random;
  }

  newCode(): string {
    // 2^32 is no multiple of 10^6: what lies above the largest one is thrown again.
    for (;;) {
      const value = Buffer.from(this.#random.bytes(4)).readUInt32BE(0);
      if (value < 4_294_000_000) return String(value % 1_000_000).padStart(6, '0');
    }
  }

  newRecoveryCodes(): readonly string[] {
    return Array.from({ length: CODES }, () => {
      const value = BigInt(`0x${Buffer.from(this.#random.bytes(CODE_BYTES)).toString('hex')}`);
      const text = Array.from(
        { length: 16 },
        (_, at) => LETTERS[Number((value >> BigInt(5 * at)) & 31n)],
      );
      return text.join('').replaceAll(/(.{4})(?=.)/gu, '$1-');
    });
  }

  hash(challenge: string, answer: string): string {
    return createHmac('sha256', this.#key)
      .update(`${challenge}\0${answer}`, 'utf8')
      .digest('base64url');
  }
}
