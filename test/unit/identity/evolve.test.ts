import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { foldEvent } from '#libs/decider/fold-event.js';
import { MemoryStore } from '#libs/decider/memory-store.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { decodeEvent, encodeEvent } from '#libs/events/codec.js';
import { eventFormats } from '#libs/events/event-formats.js';
import { evolve } from '#services/identity/domain/evolve.js';

import { arbitraryEvent, eventTypes } from '../events/arbitrary-events.js';
import { storeOf, system } from './scenario.js';

const context = { tenant: 't1', actor: system, position: 7, atMs: 1, reason: '' };

/** As a reader gets it. */
function fromBytes(event: DomainEvent): DomainEvent {
  const decoded = decodeEvent(eventFormats[event.type].wireType, encodeEvent(event));
  if (!decoded.ok) throw new TypeError(decoded.problem);
  return decoded.value;
}

describe('evolve', () => {
  it.each(eventTypes)('takes any %s, also where nothing came before it', (type) => {
    fc.assert(
      fc.property(arbitraryEvent(type), (event) => {
        const store = new MemoryStore();
        foldEvent(store, evolve, event, context);
        foldEvent(store, evolve, event, context);
        return true;
      }),
      { numRuns: 30 },
    );
    expect(eventTypes).toContain(type);
  });

  it('stores nothing that JSON would lose: documents come back from bytes as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...eventTypes).chain(arbitraryEvent)), (events) => {
        for (const [, document] of storeOf(events.map((event) => fromBytes(event))).scan('')) {
          expect(JSON.parse(JSON.stringify(document))).toStrictEqual(document);
        }
      }),
      { numRuns: 200 },
    );
  });
});
