import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { encoded } from '#libs/events/payload-writer.js';
import { PayloadReader } from '#libs/events/payload-reader.js';
import { withNumbers } from '#libs/events/wire-numbers.js';
import { SeededRandom } from '../../support/ledger/seeded-random.js';

type Read = (reader: BinaryReader) => unknown;

/** What a reader says of bytes, or that it throws, and how far it has come. */
function told(reader: BinaryReader, read: Read): unknown {
  try {
    return { said: withNumbers([read(reader)]), at: reader.pos };
  } catch (error) {
    return { threw: (error as Error).name };
  }
}

/** Ours and the library's. */
function both(bytes: Uint8Array, read: Read): { ours: unknown; theirs: unknown } {
  const ours = told(new PayloadReader(bytes), read);
  return { ours, theirs: told(new BinaryReader(bytes), read) };
}

const texts = [
  '',
  'a',
  '\u0000',
  '01890a5d-ac96-774b-bcce-b302099a8057',
  'é',
  '日本',
  '\u{1f600}',
  '\ufeffwith a mark',
  '\ud800',
  `${'x'.repeat(60)}é${'x'.repeat(60)}`,
  ...[31, 32, 33, 126, 127, 128, 129, 300].flatMap((n) => ['x'.repeat(n), `${'x'.repeat(n)}é`]),
];
const numbers = [
  0n,
  1n,
  127n,
  128n,
  1_700_000_000_123n,
  2n ** 42n - 1n,
  2n ** 49n - 1n,
  2n ** 49n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n - 1n,
  -1n,
  -(2n ** 53n),
  -(2n ** 63n),
];

describe('the reader of payloads says what the library says', () => {
  it.each(texts)('of a text: %j', (text) => {
    const bytes = new BinaryWriter().string(text).bool(true).finish();
    for (let end = 0; end <= bytes.length; end++) {
      const { ours, theirs } = both(bytes.subarray(0, end), (reader) => reader.string());
      expect(ours).toEqual(theirs);
    }
  });

  it.each(numbers)('of a number: %s', (number) => {
    const bytes = new BinaryWriter().int64(number).bool(true).finish();
    for (let end = 0; end <= bytes.length; end++) {
      const signed = both(bytes.subarray(0, end), (reader) => reader.int64());
      expect(signed.ours).toEqual(signed.theirs);
      const unsigned = both(bytes.subarray(0, end), (reader) => reader.uint64());
      expect(unsigned.ours).toEqual(unsigned.theirs);
    }
  });

  it('of anything, also in the middle of other bytes', () => {
    const random = new SeededRandom(20_261_124);
    for (let i = 0; i < 10_000; i++) {
      const bytes = random.bytes(1 + random.below(40));
      // Short lengths and continued numbers would hardly come up.
      if (random.chance(0.5)) bytes[0] = random.below(bytes.length + 2);
      const from = random.below(3);
      const part = Buffer.concat([new Uint8Array(from), bytes]).subarray(from);
      for (const read of [
        (reader: BinaryReader) => reader.string(),
        (reader: BinaryReader) => reader.string(true),
        (reader: BinaryReader) => reader.int64(),
        (reader: BinaryReader) => reader.uint64(),
        (reader: BinaryReader) => [reader.int64(), reader.string(), reader.uint32()],
      ]) {
        const { ours, theirs } = both(part, read);
        expect(ours).toEqual(theirs);
      }
    }
  });
});

describe('numbers of a message', () => {
  it('are numbers in lists and in what is within', () => {
    const message = { a: 1n, list: [2n, 3n], within: { b: 4n, rows: [{ c: 5n }] }, text: 'x' };
    const expected = { a: 1, list: [2, 3], within: { b: 4, rows: [{ c: 5 }] }, text: 'x' };
    expect(withNumbers(message)).toEqual(expected);
    expect(() => withNumbers({ list: [2n ** 53n] })).toThrow(RangeError);
  });
});

describe('the writer of payloads', () => {
  interface Text {
    readonly text: string;
    readonly within?: Text;
    readonly fails?: boolean;
  }
  const encoder = {
    encode: ({ text, within, fails }: Text, writer = new BinaryWriter()): BinaryWriter => {
      writer.string(text);
      if (within !== undefined) writer.bytes(encoded(encoder, within));
      if (fails === true) throw new Error('half way');
      return writer;
    },
  };
  const plain = (message: Text): Uint8Array => {
    const writer = new BinaryWriter().string(message.text);
    if (message.within !== undefined) writer.bytes(plain(message.within));
    return writer.finish();
  };

  it('leaves nothing of one message in the next, also after one that failed or that was long', () => {
    const random = new SeededRandom(20_261_124);
    const text = (): string => 'é'.repeat(random.below(random.chance(0.1) ? 60_000 : 50));
    for (let i = 0; i < 400; i++) {
      const failing = { text: text(), within: { text: text() }, fails: true };
      expect(() => encoded(encoder, failing)).toThrow('half way');
      if (random.chance(0.5)) encoded(encoder, { text: text() });
      const message = { text: text(), ...(random.chance(0.5) && { within: { text: text() } }) };
      const bytes = encoded(encoder, message);
      const copy = Uint8Array.from(bytes);
      expect(Buffer.compare(bytes, plain(message))).toBe(0);
      encoded(encoder, { text: text() });
      expect(Buffer.compare(bytes, copy)).toBe(0);
    }
  });
});
