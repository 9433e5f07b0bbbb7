import { expect, it } from 'vitest';
import { mayBeTold } from '#services/identity/app/oauth/logout-notices.js';

it('CWE-918: no tenant has the issuer post to what listens on its own machine', () => {
  const real = 'https://login.example';
  expect(mayBeTold('https://shop.example/logout', real)).toBe(true);
  for (const uri of ['http://127.0.0.1:9200/_all', 'http://[::1]/', 'http://localhost/']) {
    expect([uri, mayBeTold(uri, real)]).toEqual([uri, false]);
    expect([uri, mayBeTold(uri, 'http://127.0.0.1:7480')]).toEqual([uri, true]);
  }
});
