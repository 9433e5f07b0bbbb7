import { describe, expect, it } from 'vitest';
import { systemClock } from '#libs/runtime/clock.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import { MasterKeys } from '#libs/runtime/master-keys.js';
import { SealedTickets } from '#services/identity/adapters/sealed-tickets.js';

const key = (first: number) => Uint8Array.from({ length: 32 }, (_, at) => first + at);
const ids = createIds(systemClock, systemRandom);
const box = (keys: readonly (readonly [number, Uint8Array])[]) =>
  new SealedTickets(new MasterKeys(new Map(keys)), ids, systemRandom);
const tickets = box([[1, key(1)]]);
const content = { tenant: 't', principal: 'margarethe' };

describe('sealed tickets', () => {
  it('come back as they were, once each by id, until they expire', () => {
    const [one, two] = [tickets.seal('login', content, 1000), tickets.seal('login', content, 1000)];
    expect(tickets.open('login', one, 999)?.content).toEqual(content);
    expect(tickets.open('login', one, 999)?.id).not.toBe(tickets.open('login', two, 999)?.id);
    expect(tickets.open('login', one, 1000)).toBeUndefined();
    expect(Buffer.from(one, 'base64url').includes('margarethe')).toBe(false);
  });

  it('open for their purpose only', () => {
    const text = tickets.seal('login', content, 1000);
    for (const purpose of ['step-up', 'enrolment', 'password reset', 'known device'] as const) {
      expect(tickets.open(purpose, text, 0)).toBeUndefined();
    }
  });

  it('cannot be changed, cut, or written another way', () => {
    const text = tickets.seal('login', content, 1000);
    for (let at = 0; at < text.length; at += 1) {
      const other = text[at] === 'A' ? 'B' : 'A';
      const changed = text.slice(0, at) + other + text.slice(at + 1);
      expect(tickets.open('login', changed, 0)).toBeUndefined();
      expect(tickets.open('login', text.slice(0, at), 0)).toBeUndefined();
    }
    for (const changed of [`${text}=`, `${text} `, `${text}A`, 'x'.repeat(10_000)]) {
      expect(tickets.open('login', changed, 0)).toBeUndefined();
    }
  });

  it('open while their master key is held, and no longer', () => {
    const text = tickets.seal('login', content, 1000);
    const rotated = box([
      [1, key(1)],
      [2, key(2)],
    ]);
    expect(rotated.open('login', text, 0)?.content).toEqual(content);
    expect(tickets.open('login', rotated.seal('login', content, 1000), 0)).toBeUndefined();
    expect(box([[1, key(3)]]).open('login', text, 0)).toBeUndefined();
  });
});
