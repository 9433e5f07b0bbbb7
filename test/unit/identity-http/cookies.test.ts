import { expect, test } from 'vitest';
import { cookieName, cookieText, parseCookies } from '#services/identity/http/cookies.js';
import { contentSecurityPolicy } from '#services/identity/http/security-headers.js';

test('the first cookie of a name counts, and what is no pair is passed over', () => {
  const cookies = parseCookies('a=1; b=2=3;a=4; nothing ; c=');
  expect([...cookies]).toEqual([
    ['a', '1'],
    ['b', '2=3'],
    ['c', ''],
  ]);
  expect([...parseCookies(undefined)]).toEqual([]);
});

test('every cookie is for this host and for no script; Secure where there is TLS', () => {
  expect(cookieText('a', 'b', { secure: true, maxAgeS: 60.9 })).toBe(
    'a=b; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60',
  );
  expect(cookieText('a', 'b', { secure: false })).toBe('a=b; Path=/; HttpOnly; SameSite=Lax');
  expect(cookieName('ledgate', true)).toBe('__Host-ledgate');
  expect(cookieName('ledgate', false)).toBe('ledgate');
});

test('a value that would end the header early is refused', () => {
  expect(() => cookieText('a', 'b; Domain=attacker', { secure: true })).toThrow(RangeError);
});

test('a page runs nothing inline, and its forms end where it says', () => {
  const policy = contentSecurityPolicy(['https://shop.example']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("form-action 'self' https://shop.example");
  expect(policy).not.toMatch(/unsafe/u);
});
