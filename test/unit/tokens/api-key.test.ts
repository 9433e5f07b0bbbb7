import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { systemRandom } from '#libs/runtime/ids.js';
import { apiKeySha256, generateApiKey, isApiKey } from '#libs/tokens/api-key.js';
import { signAccessToken } from '#libs/tokens/sign-access-token.js';
import { claims, keys } from './fixtures.js';

const fixed = (fill: number) => ({ bytes: (count: number) => new Uint8Array(count).fill(fill) });

describe('API keys', () => {
  it('have a prefix, 256 bits in base62 and a checksum, and the SHA-256 of all of it', () => {
    const key = generateApiKey(systemRandom);
    expect(key.text).toMatch(/^lgk_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);
    expect(key.sha256).toBe(createHash('sha256').update(key.text).digest('base64url'));
    expect(apiKeySha256(key.text)).toBe(key.sha256);
    expect(isApiKey(key.text)).toBe(true);
  });

  it('stay what they are: recorded vectors', () => {
    expect(generateApiKey(fixed(0)).text).toBe(`lgk_${'0'.repeat(43)}_4bae8C`);
    expect(generateApiKey(fixed(255)).text).toBe(
      'lgk_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1_1Ss5Rk',
    );
  });

  it('are refused when any character is another one, or is missing', () => {
    const { text } = generateApiKey(systemRandom);
    const others = '09AZaz_-/.:@[`{ \n\0é';
    for (let i = 0; i < text.length; i++) {
      for (const other of others) {
        if (text[i] === other) continue;
        expect(apiKeySha256(text.slice(0, i) + other + text.slice(i + 1))).toBeUndefined();
      }
      expect(apiKeySha256(text.slice(0, i))).toBeUndefined();
      expect(apiKeySha256(text.slice(i + 1))).toBeUndefined();
    }
  });

  it.each(['', ' ', 'LGK_', 'lgk_', 'l'.repeat(54)])('%j is refused', (text) => {
    expect(apiKeySha256(text)).toBeUndefined();
  });

  it('are refused with anything before or behind', () => {
    const { text } = generateApiKey(systemRandom);
    for (const other of [` ${text}`, `${text} `, `${text}\n`, `Bearer ${text}`, text + text]) {
      expect(apiKeySha256(other)).toBeUndefined();
    }
  });

  it('never look like an access token', async () => {
    expect(isApiKey(await signAccessToken(keys.EdDSA, claims))).toBe(false);
  });
});
