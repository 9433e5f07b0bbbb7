import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { commandKey, defaultReads, hashOf, keyHash, keyText, keysOf } from '#libs/events/keys.js';
import type { KeyKind } from '#libs/events/keys.js';
import { knownHashOf } from '#libs/events/known-hashes.js';

import { arbitraryEvent, eventTypes } from './arbitrary-events.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('keys', () => {
  it('hash is SHA-256 over length-prefixed parts, cut to 16 bytes (frozen)', () => {
    // printf '\0\0\0\2t1\0\0\0\4role\0\0\0\1r' | sha256sum
    expect(hex(keyHash('t1', 'role', 'r'))).toBe('562b3613a01506a21679945c50815551');
    expect(hex(keyHash('', 'slug', 'ü'))).toBe('ba95173152aa1c5a0e44f349ee2ad85e');
  });

  it('those that are kept are those that are computed, however many are asked for', () => {
    for (let i = 0; i < 9_000; i++) {
      const key = { tenant: `t${i % 3}`, kind: 'role', id: `${(i * i) % 5_000}` } as const;
      expect(hex(knownHashOf(key))).toBe(hex(hashOf(key)));
    }
  });

  it('moving a character across a border gives another hash', () => {
    const hashes = new Set([
      hex(keyHash('t1', 'role', 'name')),
      hex(keyHash('t', 'role', '1name')),
      hex(keyHash('t1', 'rolename', '')),
      hex(keyHash('t1', 'rolename', 'name')),
    ]);
    expect(hashes.size).toBe(4);
  });

  it('texts are equal only for equal keys', () => {
    const key = fc.record({
      tenant: fc.constantFrom('', 't', 'system'),
      kind: fc.constantFrom<KeyKind>('role', 'rolename', 'rolename-of'),
      id: fc.string({ maxLength: 4, unit: fc.constantFrom('/', ':', 'a', '-') }),
    });
    fc.assert(
      fc.property(key, key, (a, b) => {
        const same = a.tenant === b.tenant && a.kind === b.kind && a.id === b.id;
        expect(keyText(a) === keyText(b)).toBe(same);
        expect(hex(hashOf(a)) === hex(hashOf(b))).toBe(same);
      }),
      { numRuns: 500 },
    );
  });

  it.each(eventTypes)('%s writes at least one key', (type) => {
    fc.assert(
      fc.property(arbitraryEvent(type), (event) => {
        expect(keysOf(event, 't1').length).toBeGreaterThan(0);
      }),
      { numRuns: 10 },
    );
  });

  it('a command reads its tenant, its id, and the rights of whoever acts', () => {
    const actor = { tenant: 'system', principal: 'p0' };
    const reads = defaultReads({ tenant: 't1', actor, commandId: 'c1', permittedBy: ['r1'] });
    expect(reads.map((key) => keyText(key))).toEqual([
      't1/tenant:t1',
      't1/command:system,p0,c1',
      'system/principal:p0',
      'system/grants-of:p0',
      'system/groups-of:p0',
      'system/role:r1',
    ]);
  });

  it('the system itself has no rights to read', () => {
    const actor = { tenant: '', principal: '' };
    const reads = defaultReads({ tenant: 't1', actor, commandId: '', permittedBy: [] });
    expect(reads.map((key) => keyText(key))).toEqual(['t1/tenant:t1']);
  });

  it('the same command id of two actors is two keys', () => {
    const one = commandKey('t1', { tenant: 't1', principal: 'p1' }, 'c1');
    const two = commandKey('t1', { tenant: 't1', principal: 'p2' }, 'c1');
    expect(keyText(one)).not.toBe(keyText(two));
  });
});
