import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientKinds } from '#libs/events/catalogue.js';
import {
  isRegisteredUri,
  redirectUriProblem,
} from '#services/identity/domain/client/redirect-uri.js';

describe('a redirect URI', () => {
  it.each([
    'https://shop.example/cb',
    'https://shop.example:8443/cb?tenant=a%20b',
    'https://xn--bcher-kva.example/',
    'http://127.0.0.1:3000/cb',
    'http://[::1]/cb',
    'http://localhost:8080/cb',
  ])('may be %s for every kind of client', (uri) => {
    for (const kind of clientKinds) expect(redirectUriProblem(uri, kind)).toBe(undefined);
  });

  it.each(['com.example.app:/cb', 'com.example.app:/oauth/cb?x=1'])(
    'may be %s for native apps alone',
    (uri) => {
      expect(redirectUriProblem(uri, 'NATIVE')).toBe(undefined);
      for (const kind of ['WEB', 'BROWSER', 'SERVICE'] as const) {
        expect(redirectUriProblem(uri, kind)).toBeTypeOf('string');
      }
    },
  );

  it.each([
    '',
    '/cb',
    'http://shop.example/cb',
    'http://127.0.0.1.evil.example/cb',
    'http://localhost.evil.example/',
    'http://127.0.0.1@evil.example/cb',
    'https://user@shop.example/cb',
    'https://shop.example/cb#here',
    'https://*.shop.example/cb',
    'https://shop.example/*',
    'https://shop.example/a/../cb',
    'https://shop.example/%2e%2E/cb',
    'https://shop.example/./cb',
    String.raw`https://shop.example\@evil.example/`,
    'https://shop.example /cb',
    'https://shop.example/cb\n',
    'https://SHOP.example/cb',
    'https:///cb',
    'https://-shop.example/cb',
    'https://80/cb',
    'https://127.1/cb',
    'https://0x7f.0.0.1/cb',
    'https://shop..example/cb',
    'https://shop.example:99999/cb',
    'https://[::ffff:7f00:1]/cb',
    'https://shop.example/ü',
    'javascript:alert(1)',
    'data:text/html,x',
    'app:/cb',
    'com.example.app://host/cb',
    'com.example.app:/a/../cb',
    'urn:ietf:wg:oauth:2.0:oob',
    `https://shop.example/${'a'.repeat(2_000)}`,
  ])('may not be %j', (uri) => {
    const takenBy = clientKinds.filter((kind) => redirectUriProblem(uri, kind) === undefined);
    expect(takenBy).toEqual([]);
  });

  it('that is allowed is read by a URL parser as what it looks like', () => {
    const pieces = 'https:// http:// shop.example 127.0.0.1 [::1] localhost : 80 / @ \\ ? # . ..';
    const more = '%2e %2f * a ; // & =';
    const piece = fc.constantFrom(...`${pieces} ${more}`.split(' '), ' ', '\t');
    const text = fc.array(piece, { minLength: 1, maxLength: 9 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (uri) => {
        if (redirectUriProblem(uri, 'WEB') !== undefined) return;
        const { host, protocol, username, hash, pathname } = new URL(uri);
        const authority = /^[a-z]+:\/\/([^/?]*)/.exec(uri)?.[1] ?? '';
        expect([username, hash]).toEqual(['', '']);
        // A parser leaves out the port that a scheme has anyway.
        expect([host, `${host}:443`, `${host}:80`]).toContain(authority);
        expect(uri.startsWith(`${protocol}//`)).toBe(true);
        expect(pathname === '/' || uri.includes(pathname)).toBe(true);
        expect(protocol === 'https:' || /^(127|\[::1|localhost)/.test(host)).toBe(true);
      }),
      { numRuns: 20_000, seed: 1 },
    );
  });
});

describe('a request for a registered URI', () => {
  const registered = ['https://shop.example/cb', 'http://127.0.0.1:3000/cb?a=1'];

  it('names it character by character', () => {
    for (const uri of registered) expect(isRegisteredUri(registered, uri, 'WEB')).toBe(true);
    for (const uri of [
      'https://shop.example/cb/',
      'https://shop.example/cb?',
      'https://shop.example/CB',
      'https://shop.example:443/cb',
      'https://shop.example/cb?x=1',
      'https://shop.example/c%62',
      'http://shop.example/cb',
      'https://shop.example.evil.example/cb',
      'http://127.0.0.1:3001/cb?a=1',
      '',
    ]) {
      expect([uri, isRegisteredUri(registered, uri, 'WEB')]).toEqual([uri, false]);
    }
  });

  it('may have any port on a loopback address when it comes from a native app', () => {
    const native = (uri: string): boolean => isRegisteredUri(registered, uri, 'NATIVE');
    for (const uri of ['http://127.0.0.1:3001/cb?a=1', 'http://127.0.0.1/cb?a=1']) {
      expect(native(uri)).toBe(true);
    }
    for (const uri of [
      'http://127.0.0.1:3001/cb',
      'http://127.0.0.1:3001/cb?a=1&b=2',
      'http://[::1]:3001/cb?a=1',
      'http://localhost:3001/cb?a=1',
      'http://127.0.0.1:3001@evil.example/cb?a=1',
      'http://127.0.0.1.evil.example/cb?a=1',
      'http://127.0.0.1:3001/x/../cb?a=1',
      'https://shop.example:3001/cb',
    ]) {
      expect([uri, native(uri)]).toEqual([uri, false]);
    }
    expect(
      isRegisteredUri(['http://localhost:3000/cb'], 'http://localhost:3001/cb', 'NATIVE'),
    ).toBe(false);
  });
});
