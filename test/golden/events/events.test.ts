import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { DomainEvent } from '#libs/events/catalogue.js';
import { decodeEvent, encodeEvent } from '#libs/events/codec.js';
import { eventFormats } from '#libs/events/event-formats.js';
import { keyText, keysOf } from '#libs/events/keys.js';

/** Bytes as they stand in ledgers. Entries are added with each version of an event, never edited. */
interface Golden {
  readonly wireType: string;
  readonly critical: boolean;
  readonly hex: string;
  readonly event: DomainEvent;
  readonly keys: readonly string[];
}

const file = new URL('events.json', import.meta.url);
const golden = JSON.parse(readFileSync(file, 'utf8')) as readonly Golden[];

describe('golden events', () => {
  it('hold every event of the catalogue', () => {
    const held = new Set(golden.map((entry) => entry.wireType));
    const missing = Object.values(eventFormats).filter((format) => !held.has(format.wireType));
    expect(missing).toEqual([]);
  });

  it.each(golden)('$wireType decodes to what was recorded', ({ wireType, hex, event }) => {
    expect(decodeEvent(wireType, Buffer.from(hex, 'hex'))).toEqual({ ok: true, value: event });
  });

  it.each(golden)('$wireType still encodes to the recorded bytes', ({ hex, event, critical }) => {
    expect(Buffer.from(encodeEvent(event)).toString('hex')).toBe(hex);
    expect(eventFormats[event.type].critical).toBe(critical);
  });

  it.each(golden)('$wireType writes the recorded keys', ({ event, keys }) => {
    expect(keysOf(event, 't-1').map((key) => keyText(key))).toEqual(keys);
  });
});
