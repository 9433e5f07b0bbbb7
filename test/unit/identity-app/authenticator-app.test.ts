import { describe, expect, it } from 'vitest';
import { systemRandom } from '#libs/runtime/ids.js';
import { AuthenticatorApp } from '#services/identity/adapters/authenticator-app.js';
import { defaultTotpForm, type TotpForm } from '#services/identity/ports/totp.js';

const app = new AuthenticatorApp(systemRandom);
const seed = (bytes: number) => Buffer.from('1234567890'.repeat(4).slice(0, bytes), 'ascii');
const sha1: TotpForm = { algorithm: 'SHA1', digits: 8, periodSeconds: 30 };
const sha256: TotpForm = { algorithm: 'SHA256', digits: 8, periodSeconds: 30 };

// RFC 6238, appendix B.
const vectors: readonly (readonly [atS: number, sha1: string, sha256: string])[] = [
  [59, '94287082', '46119246'],
  [1_111_111_109, '07081804', '68084774'],
  [1_111_111_111, '14050471', '67062674'],
  [1_234_567_890, '89005924', '91819424'],
  [2_000_000_000, '69279037', '90698825'],
  [20_000_000_000, '65353130', '77737706'],
];

describe('codes of authenticator apps', () => {
  it.each(vectors)('are those of RFC 6238 at %i s', (atS, one, two) => {
    const step = Math.floor(atS / 30);
    expect(app.stepOf(seed(20), sha1, one, atS * 1000)).toBe(step);
    expect(app.stepOf(seed(32), sha256, two, atS * 1000)).toBe(step);
    const six = { ...defaultTotpForm };
    expect(app.stepOf(seed(20), six, one.slice(2), atS * 1000)).toBe(step);
  });

  it('are good one step early or late, and say which step they are of', () => {
    const [, , third] = vectors;
    const [atS, code] = third ?? [0, ''];
    const step = Math.floor(atS / 30);
    const start = step * 30_000;
    for (const nowMs of [start - 30_000, start, start + 29_999, start + 59_999]) {
      expect(app.stepOf(seed(20), sha1, code, nowMs)).toBe(step);
    }
    for (const nowMs of [start - 30_001, start + 60_000]) {
      expect(app.stepOf(seed(20), sha1, code, nowMs)).toBeUndefined();
    }
  });

  it.each(['', '1405047', '140504711', ' 14050471', '1405047１', 'abcdefgh', '-4050471'])(
    'are nothing but digits: %j',
    (code) => {
      expect(app.stepOf(seed(20), sha1, code, 1_111_111_111_000)).toBeUndefined();
    },
  );

  it('begin with an invitation that can be scanned or typed', async () => {
    const names = { issuer: 'Acme & Co', account: 'ann@example.com' };
    const invitation = app.invitation(seed(20), defaultTotpForm, names);
    // RFC 4648 of the RFC 6238 seed.
    expect(invitation.typed).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
    const uri = new URL(invitation.uri);
    expect(`${uri.protocol}//${uri.host}`).toBe('otpauth://totp');
    expect(uri.searchParams.get('secret')).toBe(invitation.typed);
    expect(uri.searchParams.get('issuer')).toBe('Acme & Co');
    const picture = await app.picture(invitation);
    expect(picture).toMatch(/^<svg/u);
    expect(picture).not.toMatch(/script|href/u);
  });

  it('have seeds of 160 bits that do not repeat', () => {
    const seeds = Array.from({ length: 20 }, () => Buffer.from(app.newSeed()).toString('hex'));
    expect(new Set(seeds).size).toBe(20);
    expect(seeds[0]).toHaveLength(40);
  });
});
