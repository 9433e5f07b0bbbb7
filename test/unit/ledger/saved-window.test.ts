import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writes, writesLength } from '#libs/ledger/last-writers.js';
import { VerdictWindow, type WindowEntry } from '#libs/ledger/verdict-window.js';

const size = 16;
const keyOf = (letter: number): Uint8Array => new Uint8Array(16).fill(letter);
const chainOf = (position: number): Uint8Array => new Uint8Array(32).fill(position + 1);
const keys = fc.array(fc.nat(30), { maxLength: 4 });
const history = fc.array(fc.tuple(fc.boolean(), keys), { maxLength: 60 }).map((all) =>
  all.map(([accepted, written], position): WindowEntry => {
    const ofRecord = accepted ? written.map(keyOf) : [];
    return { position, chain: chainOf(position), accepted, writes: ofRecord };
  }),
);

function storedAndRead(window: VerdictWindow): VerdictWindow {
  const saved = window.save();
  const pieces = Buffer.concat([...writes(saved.writers, saved.oldest)]);
  expect(pieces.length).toBe(writesLength(saved.writers, saved.oldest));
  expect(Buffer.compare(VerdictWindow.chainIn(saved), window.chain)).toBe(0);
  return VerdictWindow.load(saved, pieces, size);
}

function everything(window: VerdictWindow): unknown {
  const around = Array.from({ length: 64 }, (_, i) => i - 1);
  return {
    position: window.position,
    accepted: window.acceptedCount,
    chains: around.map((at) => window.chainAt(at) && Buffer.from(window.chainAt(at) ?? [])),
    verdicts: around.map((at) => window.acceptedAt(at)),
    writers: around.map((letter) => window.lastWrite(keyOf(letter))),
  };
}

describe('a window that was stored', () => {
  it('answers like the one it was made of, also after both went on', () => {
    fc.assert(
      fc.property(history, fc.nat(60), (entries, at) => {
        const window = new VerdictWindow(size);
        const cut = at % (entries.length + 1);
        for (const entry of entries.slice(0, cut)) window.push(entry);
        const other = storedAndRead(window);
        expect(everything(other)).toEqual(everything(window));
        for (const entry of entries.slice(cut)) {
          window.push(entry);
          other.push(entry);
        }
        expect(everything(other)).toEqual(everything(window));
      }),
    );
  });
});
