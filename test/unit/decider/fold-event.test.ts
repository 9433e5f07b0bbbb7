import { describe, expect, it } from 'vitest';

import { foldEvent, UnguardedDocument } from '#libs/decider/fold-event.js';
import { MemoryStore } from '#libs/decider/memory-store.js';
import { OverlayStore } from '#libs/decider/overlay-store.js';
import { TrackedView } from '#libs/decider/tracked-view.js';
import { keysOf } from '#libs/events/keys.js';

import { evolveGroup } from './toy-domain.js';

const event = { type: 'GroupCreated', group: 'g1', name: 'crew' } as const;
const actor = { tenant: '', principal: '' };
const context = { tenant: 't1', actor, position: 0, atMs: 0, reason: '' };

describe('foldEvent', () => {
  it('puts documents under the keys of the event', () => {
    const store = new MemoryStore();
    foldEvent(store, evolveGroup, event, context);
    expect([...store.scan('')]).toEqual([
      ['t1/group:g1', { name: 'crew' }],
      ['t1/groupname:crew', { group: 'g1' }],
    ]);
  });

  it('bites when the table lacks a key that the fold writes', () => {
    const gap = (...args: Parameters<typeof keysOf>) =>
      keysOf(...args).filter((key) => key.kind !== 'groupname');
    const fold = () => foldEvent(new MemoryStore(), evolveGroup, event, context, gap);
    expect(fold).toThrow(UnguardedDocument);
    expect(fold).toThrow('GroupCreated does not write groupname');
  });

  it('bites among many keys as among few', () => {
    for (const count of [1, 8, 9, 200]) {
      const others = Array.from({ length: count }, (_, i) => ({
        tenant: 't1',
        kind: 'member' as const,
        id: `m${i}`,
      }));
      const many = (...args: Parameters<typeof keysOf>) => [...others, ...keysOf(...args)];
      const store = new MemoryStore();
      foldEvent(store, evolveGroup, event, context, many);
      expect([...store.scan('')]).toHaveLength(2);
      const fold = () => foldEvent(store, evolveGroup, event, context, () => others);
      expect(fold).toThrow(UnguardedDocument);
    }
  });

  it('bites when the fold only looks at another document', () => {
    const nosy: typeof evolveGroup = (_, documents) => {
      documents.get({ tenant: 't1', kind: 'group', id: 'g2' });
    };
    expect(() => foldEvent(new MemoryStore(), nosy, event, context)).toThrow(UnguardedDocument);
  });
});

describe('stores', () => {
  it('scan yields the prefix in order, after a text', () => {
    const store = new MemoryStore([
      ['t1/role:b', { n: 2 }],
      ['t1/role:a', { n: 1 }],
      ['t1/rolename:a', { n: 0 }],
    ]);
    expect([...store.scan('t1/role:')].map(([text]) => text)).toEqual(['t1/role:a', 't1/role:b']);
    expect([...store.scan('t1/role:', 't1/role:a')]).toEqual([['t1/role:b', { n: 2 }]]);
  });

  it('an overlay shows its own writes and leaves the store alone', () => {
    const store = new MemoryStore([
      ['a', { n: 1 }],
      ['b', { n: 1 }],
    ]);
    const overlay = new OverlayStore(store);
    overlay.put('a', { n: 2 });
    overlay.remove('b');
    expect([overlay.get('a'), overlay.get('b'), overlay.get('c')]).toEqual([
      { n: 2 },
      undefined,
      undefined,
    ]);
    expect([store.get('a'), store.get('b')]).toEqual([{ n: 1 }, { n: 1 }]);
  });

  it('a tracked view notes every look once, also at what is not there', () => {
    const view = new TrackedView(new MemoryStore());
    const key = { tenant: 't1', kind: 'role', id: 'r1' } as const;
    expect(view.get(key)).toBeUndefined();
    view.get({ ...key });
    expect(view.reads()).toEqual([key]);
  });
});
