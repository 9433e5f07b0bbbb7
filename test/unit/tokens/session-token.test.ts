import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { systemRandom } from '#libs/runtime/ids.js';
import { apiKeySha256, generateApiKey } from '#libs/tokens/api-key.js';
import {
  generateSessionToken,
  isSessionToken,
  sessionTokenSha256,
} from '#libs/tokens/session-token.js';

describe('session tokens', () => {
  it('have a mark, 256 bits in base62 and a checksum, and the SHA-256 of all of it', () => {
    const { text, sha256 } = generateSessionToken(systemRandom);
    expect(text).toMatch(/^lgs_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);
    expect(sha256).toBe(createHash('sha256').update(text).digest('base64url'));
    expect(sessionTokenSha256(text)).toBe(sha256);
    expect(isSessionToken(text)).toBe(true);
  });

  it('are never taken for API keys, nor API keys for them', () => {
    const token = generateSessionToken(systemRandom).text;
    const key = generateApiKey(systemRandom).text;
    expect(apiKeySha256(token)).toBeUndefined();
    expect(sessionTokenSha256(key)).toBeUndefined();
    expect(sessionTokenSha256(token.replace('lgs_', 'lgk_'))).toBeUndefined();
    expect(sessionTokenSha256(key.replace('lgk_', 'lgs_'))).toBeUndefined();
  });
});
