import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { HmacSha256 } from '#libs/runtime/hmac-sha256.js';
import { SeededRandom } from '../../support/ledger/seeded-random.js';

const random = new SeededRandom(20_261_124);
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

describe('HMAC-SHA-256', () => {
  it('is that of node:crypto, for keys up to a block and messages of every length', () => {
    for (let length = 0; length <= 64; length++) {
      const key = random.bytes(length);
      const hmac = new HmacSha256(key);
      for (const size of [0, 1, 31, 32, 38, 55, 56, 63, 64, 65, random.below(500)]) {
        const message = random.bytes(size);
        expect(hmac.of(message)).toEqual(createHmac('sha256', key).update(message).digest());
      }
    }
  });

  it('is that of RFC 4231, cases 1 and 2', () => {
    const first = new HmacSha256(new Uint8Array(20).fill(0x0b)).of(Buffer.from('Hi There'));
    expect(first).toEqual(hex('b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'));
    const second = new HmacSha256(Buffer.from('Jefe')).of(
      Buffer.from('what do ya want for nothing?'),
    );
    expect(second).toEqual(hex('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'));
  });

  it('gives results that later ones do not touch', () => {
    const hmac = new HmacSha256(random.bytes(32));
    const [one, other] = [random.bytes(32), random.bytes(32)];
    const first = hmac.of(one);
    const copy = Buffer.from(first);
    expect(hmac.of(other)).not.toEqual(copy);
    expect(first).toEqual(copy);
    expect(hmac.of(one)).toEqual(copy);
  });

  it('takes no key that would have to be hashed first', () => {
    expect(() => new HmacSha256(new Uint8Array(65))).toThrow(RangeError);
  });
});
