import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isSoundRsa } from '#libs/tokens/sound-rsa.js';

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = publicKey.export({ format: 'jwk' });

const number = (value: bigint): string => {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
};
const withExponent = (e: bigint): KeyObject =>
  createPublicKey({ key: { ...jwk, e: number(e) }, format: 'jwk' });
const ofBits = (bits: bigint): KeyObject =>
  createPublicKey({ key: { ...jwk, n: number((1n << bits) - 1n) }, format: 'jwk' });

describe('an RSA key of somebody else', () => {
  it('is sound with the exponents that are used', () => {
    for (const e of [3n, 65_537n]) expect(isSoundRsa(withExponent(e))).toBe(true);
  });

  it('that signs everything, or takes long, is not', () => {
    for (const e of [1n, (1n << 33n) + 1n, (1n << 2_000n) + 1n]) {
      expect(isSoundRsa(withExponent(e))).toBe(false);
    }
  });

  it('is between 2,048 and 8,192 bits long', () => {
    const sound = [2_047n, 2_048n, 8_192n, 8_193n].map((bits) => isSoundRsa(ofBits(bits)));
    expect(sound).toEqual([false, true, true, false]);
  });

  it('is of RSA, and not for PSS alone', () => {
    expect(isSoundRsa(generateKeyPairSync('ed25519').publicKey)).toBe(false);
    expect(isSoundRsa(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey)).toBe(
      false,
    );
  });
});
