import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LmdbState, sessionStateForm } from '#services/identity/adapters/lmdb-state.js';
import { SeededRandom } from '../../support/ledger/seeded-random.js';

const seed = 20_261_124;
/** More than are kept in memory. */
const texts = 3_000;
const steps = 6_000;

/** What a map of JSON would say is what the state has to say, whatever it keeps in memory. */
describe('documents that are kept in memory', () => {
  let folder: string;
  let state: LmdbState;
  let model: Map<string, string>;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledgate-recent-'));
    state = new LmdbState(join(folder, 'state'), sessionStateForm);
    model = new Map();
  });
  afterEach(async () => {
    await state.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const put = (text: string, document: object): void => {
    state.put(text, document);
    model.set(text, JSON.stringify(document));
  };
  const agrees = (text: string): void => {
    const json = model.get(text);
    const stored: unknown = json === undefined ? undefined : JSON.parse(json);
    expect({ text, is: state.get(text) }).toStrictEqual({ text, is: stored });
  };

  it('are those on disk, through failed batches, sweeps and resets', () => {
    const random = new SeededRandom(seed);
    const point = { position: 0, chain: new Uint8Array(32) };
    const name = (): string => `t/session:${random.below(texts)}`;
    const change = (step: number): void => {
      for (let i = 0; i < 4; i++) {
        agrees(name());
        const text = name();
        if (random.below(4) > 0) {
          const long = 'x'.repeat(random.below(40) === 0 ? 5_000 : 5);
          put(text, { step, long, none: undefined, expiresAtMs: 1 + 20_000 * random.below(50) });
        } else {
          state.remove(text);
          model.delete(text);
        }
        agrees(text);
      }
    };
    let failed = 0;
    for (let step = 0; step < steps; step++) {
      const roll = random.below(1_000);
      const before = new Map(model);
      if (roll === 0) {
        state.reset();
        model.clear();
      } else if (roll < 10) {
        const atMs = random.below(200_000);
        state.sweepExpired(atMs, 10_000);
        for (const [text, json] of model) {
          if ((JSON.parse(json) as { expiresAtMs: number }).expiresAtMs < atMs) model.delete(text);
        }
      } else if (roll < 40) {
        const failing = (): void => {
          change(step);
          throw new Error('the disk is full');
        };
        failed += Number(fails(() => state.commit(point, failing)));
        model = before;
      } else {
        state.commit(point, () => change(step));
      }
      agrees(name());
    }
    expect(failed).toBeGreaterThan(100);
    for (let i = 0; i < texts; i++) agrees(`t/session:${i}`);
    const stored = [...state.scan('')].map(([text, document]) => [text, JSON.stringify(document)]);
    expect(new Map(stored as [string, string][])).toEqual(model);
  });

  it('are not the objects that were put, which their owner may go on with', () => {
    const document = { list: ['a'] };
    state.put('t/session:a', document);
    document.list.push('b');
    expect(state.get('t/session:a')).toEqual({ list: ['a'] });
  });

  it('say of long ones and of missing ones what is there now', () => {
    expect(state.get('t/session:a')).toBeUndefined();
    put('t/session:a', { text: 'short' });
    agrees('t/session:a');
    put('t/session:a', { text: 'x'.repeat(10_000) });
    agrees('t/session:a');
    agrees('t/session:a');
    put('t/session:a', { text: 'short again' });
    agrees('t/session:a');
  });
});

function fails(run: () => void): boolean {
  try {
    run();
    return false;
  } catch {
    return true;
  }
}
