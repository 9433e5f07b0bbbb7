import { describe, expect, it } from 'vitest';
import { isRefreshToken, readRefreshToken, refreshToken } from '#libs/tokens/refresh-token.js';

const key = new Uint8Array(32).fill(7);
const keys = (version: number): Uint8Array | undefined => (version === 3 ? key : undefined);
const facts = {
  tenant: '01890a5d-ac96-774b-bcce-b302099a8057',
  family: '01890a5d-ac96-774b-bcce-b302099a8058',
  generation: 4_000_000_000,
  outage: false,
};
const text = refreshToken(facts, 3, key);

describe('refresh tokens', () => {
  it('say of which generation of which family they are, and of which tenant', () => {
    expect(text).toMatch(/^lgr_[-\w]{88}_[0-9A-Za-z]{6}$/);
    expect(isRefreshToken(text)).toBe(true);
    expect(readRefreshToken(text, keys)).toEqual(facts);
    const ofSystem = { ...facts, tenant: 'system', outage: true, generation: 0 };
    expect(readRefreshToken(refreshToken(ofSystem, 3, key), keys)).toEqual(ofSystem);
  });

  it('are the same wherever they are derived, and others for each generation', () => {
    expect(refreshToken({ ...facts }, 3, Uint8Array.from(key))).toBe(text);
    const all = Array.from({ length: 20 }, (_, generation) =>
      refreshToken({ ...facts, generation }, 3, key),
    );
    expect(new Set(all).size).toBe(20);
  });

  it('are refused under another key, and under a key version that is not here', () => {
    expect(readRefreshToken(text, () => new Uint8Array(32).fill(8))).toBeUndefined();
    expect(readRefreshToken(text, () => undefined)).toBeUndefined();
  });

  it('are refused when any character is another one, or is missing, or is added', () => {
    for (let at = 0; at < text.length; at += 1) {
      for (const other of 'AZaz09_- \n') {
        if (text[at] === other) continue;
        const changed = text.slice(0, at) + other + text.slice(at + 1);
        expect(readRefreshToken(changed, keys)).toBeUndefined();
      }
      expect(readRefreshToken(text.slice(0, at), keys)).toBeUndefined();
      expect(readRefreshToken(text.slice(at + 1), keys)).toBeUndefined();
    }
    for (const other of [` ${text}`, `${text} `, text + text, '', 'lgr_']) {
      expect(readRefreshToken(other, keys)).toBeUndefined();
    }
  });

  it('recorded vector: whoever holds one keeps it through every later version', () => {
    expect(text).toMatchInlineSnapshot(
      `"lgr_AwABiQpdrJZ3S7zOswIJmoBXAYkKXayWd0u8zrMCCZqAWO5rKAB9swgB8dx4FDgQGTrkjmq_Ks-hTPdn_U_ZW9cK_00qxh2"`,
    );
  });
});
