import { describe, expect, it } from 'vitest';
import { MasterKeys, MasterKeysRefused, SealBroken } from '#libs/runtime/master-keys.js';
import type { SealedFor } from '#libs/runtime/master-keys.js';
import { Secret } from '#libs/runtime/secret.js';

const k1 = '1f'.repeat(16) + '2e'.repeat(16);
const k2 = '3d'.repeat(16) + '4c'.repeat(16);
const one = MasterKeys.parse(new Secret(k1));
const both = MasterKeys.parse(new Secret(`1:${k1},2:${k2}`));
const bound: SealedFor = { vaultId: 'v1', class: 'SECRET', tenant: 't', principal: 'p' };
const plain = new TextEncoder().encode('$argon2id$…');

describe('MasterKeys', () => {
  it('opens what it sealed, and seals differently each time', () => {
    expect(one.open(one.seal(plain, bound), bound)).toEqual(Buffer.from(plain));
    expect(one.seal(plain, bound)).not.toEqual(one.seal(plain, bound));
    expect(one.open(one.seal(new Uint8Array(), bound), bound)).toHaveLength(0);
  });

  it.each([
    ['another vault id', { ...bound, vaultId: 'v2' }],
    ['another class', { ...bound, class: 'PROFILE' }],
    ['another tenant', { ...bound, tenant: 'u' }],
    ['another principal', { ...bound, principal: 'q' }],
    ['parts shifted from one field to the next', { ...bound, tenant: 'tp', principal: '' }],
  ] as const)('refuses %s', (_, elsewhere) => {
    expect(() => one.open(one.seal(plain, bound), elsewhere)).toThrow(SealBroken);
  });

  it('refuses every flipped bit and every truncation', () => {
    const blob = one.seal(plain, bound);
    for (let bit = 0; bit < blob.length * 8; bit++) {
      const changed = Uint8Array.from(blob);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => one.open(changed, bound)).toThrow(SealBroken);
    }
    for (let length = 0; length < blob.length; length++) {
      expect(() => one.open(blob.subarray(0, length), bound)).toThrow(SealBroken);
    }
  });

  it('rotates: the newest version seals, all versions open, old blobs are told apart', () => {
    const old = one.seal(plain, bound);
    expect(both.version).toBe(2);
    expect(both.open(old, bound)).toEqual(Buffer.from(plain));
    expect(both.isOutdated(old)).toBe(true);
    const renewed = both.seal(plain, bound);
    expect(both.isOutdated(renewed)).toBe(false);
    expect(() => one.open(renewed, bound)).toThrow('version 2 is not here');
  });

  it('has a check value per key that differs from every derived key', () => {
    expect(one.checkValue()).toBe(both.checkValue(1));
    expect(both.checkValue(2)).not.toBe(both.checkValue(1));
    expect(one.checkValue()).toMatch(/^[0-9a-f]{16}$/);
    const derived = Buffer.from(one.derive('page tokens')).toString('hex');
    expect(derived).toHaveLength(64);
    expect(derived).not.toBe(Buffer.from(one.derive('links')).toString('hex'));
    expect(derived.startsWith(one.checkValue())).toBe(false);
  });

  it('hands out copies of derived keys', () => {
    one.derive('x').fill(0);
    expect(one.derive('x').some((byte) => byte !== 0)).toBe(true);
  });

  it('reads hex, base64 and base64url', () => {
    const bytes = Buffer.from(k1, 'hex');
    for (const text of [k1, bytes.toString('base64'), bytes.toString('base64url')]) {
      expect(MasterKeys.parse(new Secret(text)).checkValue()).toBe(one.checkValue());
    }
  });

  it.each([
    ['too short', 'abcd'],
    ['not random', '00'.repeat(32)],
    ['version 0', `0:${k1}`],
    ['version 256', `256:${k1}`],
    ['a version twice', `1:${k1},1:${k2}`],
    ['an empty part', `${k1},`],
    ['nothing', ''],
  ])('refuses a key that is %s, without telling it', (_, text) => {
    expect(() => MasterKeys.parse(new Secret(text))).toThrow(MasterKeysRefused);
    expect(() => MasterKeys.parse(new Secret(text))).not.toThrow(text === '' ? 'zz' : text);
  });
});
