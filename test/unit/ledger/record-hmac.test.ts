import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RecordHmac } from '#libs/ledger/record-hmac.js';
import { SeededRandom } from '../../support/ledger/seeded-random.js';

const random = new SeededRandom(20_261_124);

describe('HMAC of record hashes', () => {
  it('is that of node:crypto, for keys of every length up to a block', () => {
    for (let length = 0; length <= 64; length++) {
      const key = random.bytes(length);
      const hmac = new RecordHmac(key);
      for (let i = 0; i < 20; i++) {
        const hash = random.bytes(32);
        const expected = createHmac('sha256', key).update(hash).digest();
        expect(hmac.of(hash)).toEqual(expected);
      }
    }
  });

  it('gives results that later ones do not touch', () => {
    const hmac = new RecordHmac(random.bytes(32));
    const [one, other] = [random.bytes(32), random.bytes(32)];
    const first = hmac.of(one);
    const copy = Buffer.from(first);
    expect(hmac.of(other)).not.toEqual(copy);
    expect(first).toEqual(copy);
    expect(hmac.of(one)).toEqual(copy);
  });

  it('takes nothing else', () => {
    expect(() => new RecordHmac(new Uint8Array(65))).toThrow(RangeError);
    const hmac = new RecordHmac(new Uint8Array(32));
    for (const length of [0, 31, 33, 64]) {
      expect(() => hmac.of(new Uint8Array(length))).toThrow(RangeError);
    }
  });
});
