import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { canonicalLines } from '#libs/access/canonical-lines.js';
import { AccessView } from '#libs/access/projection/access-view.js';
import { ViewReader, ViewWriter } from '#libs/access/snapshot/view-snapshot.js';
import { keyHash } from '#libs/events/keys.js';

import { wholeState } from '../../support/access/whole-state.js';
import { arbitraryHistory } from './arbitrary-history.js';
import { applyTo, fold } from './fold.js';

/** Memory of an evaluation or of a change under way, or made anew on demand: no state. */
const noState = new Set([
  'AccessView.scratch',
  'EntrySets.#scratch',
  'SetEntries.#bits',
  'SetEntries.#double',
  'Role.#bits',
  'Role.#bitsOf',
]);
const state = (view: AccessView): unknown => wholeState(view, noState);

function bytesOf(view: AccessView, slice = 1): Uint8Array {
  const writer = new ViewWriter(view);
  let slices = 0;
  while (!writer.run(() => ++slices % slice !== 0));
  return Buffer.concat(writer.chunks);
}

function viewOf(bytes: Uint8Array, slice = 1): AccessView {
  const reader = new ViewReader(bytes, keyHash);
  let slices = 0;
  while (!reader.run(() => ++slices % slice !== 0));
  return reader.view;
}

describe('a snapshot of the view', () => {
  it('holds everything that the view holds, field by field, private ones too', () => {
    const history = fc.tuple(arbitraryHistory, fc.array(fc.uint8Array({ minLength: 16 })));
    fc.assert(
      fc.property(history, ([events, quarantined]) => {
        const view = fold(events);
        view.quarantine(quarantined);
        expect(state(viewOf(bytesOf(view)))).toEqual(state(view));
      }),
      { numRuns: 60 },
    );
  });

  it('is met by a comparison that sees what is missing', () => {
    const history = fc.sample(arbitraryHistory, { numRuns: 1, seed: 7 })[0] ?? [];
    const view = fold(history);
    const without = (name: string): AccessView => {
      const reader = new AccessView(keyHash);
      const { [name]: dropped, ...rest } = view.save();
      expect(dropped).toBeDefined();
      reader.load(rest);
      return reader;
    };
    for (const name of ['principals', 'sets', 'roles', 'statusAt', 'position']) {
      expect(state(without(name))).not.toEqual(state(view));
    }
  });

  it('goes on like a view that was never stored, and gives the same state hash', () => {
    fc.assert(
      fc.property(arbitraryHistory, fc.nat(), (history, at) => {
        const cut = at % (history.length + 1);
        const view = viewOf(bytesOf(fold(history.slice(0, cut))));
        for (const each of history.slice(cut)) applyTo(view, each);
        expect([...canonicalLines(view, 1500)]).toEqual([...canonicalLines(fold(history), 1500)]);
        expect(state(view)).toEqual(state(fold(history)));
      }),
      { numRuns: 60 },
    );
  });

  it('is the same whatever the slices in which it is written and read', () => {
    fc.assert(
      fc.property(arbitraryHistory, fc.integer({ min: 1, max: 5 }), (history, slice) => {
        const whole = bytesOf(fold(history), 1_000_000);
        expect(Buffer.compare(bytesOf(fold(history), slice), whole)).toBe(0);
        expect(state(viewOf(whole, slice))).toEqual(state(fold(history)));
      }),
      { numRuns: 30 },
    );
  });

  it('refuses bytes that are cut or go on', () => {
    const history = fc.sample(arbitraryHistory, { numRuns: 1, seed: 7 })[0] ?? [];
    const bytes = bytesOf(fold(history));
    expect(() => viewOf(bytes.subarray(0, -1))).toThrow(RangeError);
    expect(() => viewOf(Buffer.concat([bytes, Buffer.alloc(1)]))).toThrow(RangeError);
  });
});
