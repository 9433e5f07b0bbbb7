import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { emptySet, EntrySets } from '#libs/access/projection/entry-sets.js';
import { PositionLists } from '#libs/access/projection/position-lists.js';
import { PrefixTexts } from '#libs/access/projection/prefix-texts.js';
import { never, SetEntries } from '#libs/access/projection/set-entries.js';
import { SlotTable } from '#libs/access/projection/slot-table.js';
import { absent, active, deleted, Subjects } from '#libs/access/projection/subjects.js';
import { packUuid, unpackUuid } from '#libs/access/projection/uuid-words.js';

describe('SlotTable', () => {
  it('finds what was put in and not taken out, also when hashes collide', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(200)), { maxLength: 400, size: 'max' });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 64 }), (all, spread) => {
        const hash = (value: number): number => value % spread;
        const table = new SlotTable(hash);
        const model = new Set<number>();
        for (const [put, value] of all) {
          if (put && !model.has(value)) table.insert(value);
          if (!put && model.has(value)) table.remove(value);
          if (put) model.add(value);
          else model.delete(value);
        }
        for (let value = 0; value <= 200; value++) {
          expect(has(table, hash(value), value)).toBe(model.has(value));
        }
      }),
    );
  });
});

function has(table: SlotTable, hash: number, wanted: number): boolean {
  for (let slot = table.start(hash); table.at(slot) >= 0; slot = table.next(slot)) {
    if (table.at(slot) === wanted) return true;
  }
  return false;
}

describe('PositionLists', () => {
  it('keeps positions up to 2^48 in their places', () => {
    const position = fc.oneof(fc.nat(10), fc.integer({ min: 0, max: 2 ** 48 - 1 }));
    const steps = fc.array(fc.tuple(fc.nat(3), fc.nat(20), position), {
      size: 'max',
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, (all) => {
        const lists = new PositionLists();
        const heads = [0, 0];
        const model: number[][] = [[], []];
        for (const [what, where, value] of all) {
          const which = what & 1;
          const list = model[which]!;
          const index = where % (list.length + 1);
          if (what >= 1) {
            heads[which] = lists.insertAt(heads[which]!, index, value);
            list.splice(index, 0, value);
          } else if (index < list.length) {
            heads[which] = lists.removeAt(heads[which]!, index);
            list.splice(index, 1);
          }
        }
        for (const [which, list] of model.entries()) {
          expect(list.map((_, i) => lists.at(heads[which]!, i))).toEqual(list);
          expect(lists.all(heads[which]!, list.length)).toEqual(list);
        }
      }),
    );
  });
});

describe('EntrySets', () => {
  it('stores each distinct set once, whatever the order in which it came about', () => {
    const entries = new SetEntries(new PrefixTexts());
    const sets = new EntrySets(entries);
    const put = (set: number, entry: number) => sets.with(set, ~sets.search(set, entry), entry);
    const [a, b] = [entries.grant(1, 'a', never), entries.grant(2, 'b', 5)];
    const one = put(put(emptySet, a), b);
    const other = put(put(emptySet, b), a);
    expect(other).toBe(one);
    expect(sets.search(one, a)).toBeGreaterThanOrEqual(0);
    expect(sets.without(other, sets.search(one, b))).not.toBe(one);
  });

  it('leaves nothing behind when everything was taken away again', () => {
    const prefixes = new PrefixTexts();
    const entries = new SetEntries(prefixes);
    const sets = new EntrySets(entries);
    const size = sets.words.length;
    for (let round = 0; round < 20_000; round++) {
      let set = emptySet;
      for (const role of [1, 2, 3]) {
        const entry = entries.grant(role, `projects/${round}`, round);
        set = sets.with(set, ~sets.search(set, entry), entry);
      }
      while (sets.lengthOf(set) > 0) set = sets.without(set, 0);
    }
    expect(sets.words.length).toBe(size);
    expect(entries.target.length).toBe(64);
    expect(prefixes.find('projects/19999')).toBeUndefined();
  });
});

describe('Subjects', () => {
  it('find a row by tenant and exact id, UUID or not, among many', () => {
    const subjects = new Subjects();
    const id = (i: number): string => {
      const hex = i.toString(16).padStart(12, '0');
      return i % 10 === 0 ? `name-${i}` : `01936f5e-8a3b-7cde-8f01-${hex}`;
    };
    for (let i = 0; i < 100_000; i++) expect(subjects.add(i % 7, id(i), active)).toBe(i);
    for (let i = 0; i < 100_000; i += 13) {
      expect(subjects.find(i % 7, id(i))).toBe(i);
      expect(subjects.find((i + 1) % 7, id(i))).toBe(-1);
      expect(subjects.idOf(i)).toBe(id(i));
      expect(subjects.tenantOf(i)).toBe(i % 7);
    }
  });

  it("never take one tenant's row for another's, whose id is the same", () => {
    const subjects = new Subjects();
    const id = '01936f5e-8a3b-7cde-9f01-23456789abcd';
    const tenants = Array.from({ length: 5000 }, (_, tenant) => tenant);
    for (const tenant of tenants) subjects.add(tenant, id, active);
    expect(tenants.map((tenant) => subjects.find(tenant, id))).toEqual(tenants);
    const others = tenants.map((tenant) => subjects.find(tenant + 5000, id));
    expect(new Set(others)).toEqual(new Set([-1]));
  });

  it('keeps the parts of a row apart', () => {
    const subjects = new Subjects();
    const row = subjects.add(2 ** 24 - 1, 'x', absent, true);
    subjects.hold(row, 2 ** 31 - 1, 2 ** 31 - 2);
    subjects.setPassword(row, 2 ** 31 - 1);
    expect(subjects.watermarkOf(row)).toBe(-1);
    subjects.raiseWatermark(row, 0);
    expect(subjects.watermarkOf(row)).toBe(0);
    subjects.raiseWatermark(row, 2 ** 47 + 5);
    subjects.raiseWatermark(row, 7);
    subjects.setStatus(row, deleted);
    expect(subjects.watermarkOf(row)).toBe(2 ** 47 + 5);
    expect(subjects.tenantOf(row)).toBe(2 ** 24 - 1);
    expect(subjects.statusOf(row)).toBe(deleted);
    expect(subjects.isService(row)).toBe(true);
    expect([subjects.setOf(row), subjects.positionsOf(row)]).toEqual([2 ** 31 - 1, 2 ** 31 - 2]);
    expect(subjects.passwordOf(row)).toBe(2 ** 31 - 1);
  });
});

describe('packUuid', () => {
  it('packs canonical UUIDs only, and unpacks them to the same text', () => {
    const words = new Int32Array(4);
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        expect(packUuid(uuid, words)).toBe(true);
        const [a, b, c, d] = words as unknown as [number, number, number, number];
        expect(unpackUuid(a, b, c, d)).toBe(uuid);
        const other = uuid.replace(/[a-f]/, (letter) => letter.toUpperCase());
        expect(packUuid(other, words)).toBe(other === uuid);
      }),
    );
    const good = '01936f5e-8a3b-7cde-9f01-23456789abcd';
    const bad = [`${good} `, good.slice(1), good.replace('-', 'a'), good.replace('e', '\u00e9')];
    for (const text of [...bad, good.replace('0', '-'), '']) {
      expect(packUuid(text, words)).toBe(false);
    }
  });
});
