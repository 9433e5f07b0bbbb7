import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LastWriters } from '#libs/ledger/last-writers.js';

/** Few distinct keys, some of which differ in one byte only. */
const key = fc
  .tuple(fc.nat(40), fc.nat(15))
  .map(([number, at]) => Buffer.alloc(16, 7).fill(number, at, at + 1));

describe('LastWriters', () => {
  it('answers as a map from texts does, while the window moves on', () => {
    const writes = fc.array(fc.array(key, { maxLength: 4 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(
        writes,
        fc.integer({ min: 1, max: 50 }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (records, size, seed) => {
          const table = new LastWriters();
          table.seed(seed);
          const oracle = new Map<string, number>();
          for (const [position, keys] of records.entries()) {
            const oldest = Math.max(0, position - size + 1);
            for (const one of keys) {
              table.set(one, position, oldest);
              oracle.set(one.toString('hex'), position);
            }
            for (const [text, last] of oracle) {
              const expected = last >= oldest ? last : -1;
              expect(table.get(Buffer.from(text, 'hex'), oldest)).toBe(expected);
            }
          }
        },
      ),
    );
  });

  it('holds what is in the window, and no more, however long it runs', () => {
    const table = new LastWriters();
    const size = 500;
    const keyOf = (position: number): Buffer => {
      const bytes = Buffer.alloc(16);
      // All keys share their last words: only the first tell them apart.
      bytes.writeUInt32BE(position % 3000, 0);
      return bytes;
    };
    for (let position = 0; position < 20_000; position++) {
      const oldest = Math.max(0, position - size + 1);
      expect(table.get(keyOf(position), oldest)).toBe(-1);
      table.set(keyOf(position), position, oldest);
      expect(table.get(keyOf(oldest), oldest)).toBe(oldest);
    }
  });
});
