import { describe, expect, it } from 'vitest';
import { credentialOf, type BasicTenant } from '#libs/client/guard/credential-of.js';

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
const read = (header: string | undefined, tenant?: BasicTenant) => credentialOf(header, tenant);
const found = (credential: unknown) => ({ found: 'credential', credential });

describe('credentialOf', () => {
  it('tells an absent header from an unreadable one', () => {
    expect(read(undefined)).toEqual({ found: 'nothing' });
    expect(read('')).toEqual({ found: 'nothing' });
    expect(read('Bearer')).toEqual({ found: 'unreadable' });
  });

  it('reads bearer tokens and API keys, the scheme in any case (RFC 9110 section 11.1)', () => {
    expect(read('Bearer a.b.c')).toEqual(found({ bearerToken: 'a.b.c' }));
    expect(read('bEARER   a.b.c')).toEqual(found({ bearerToken: 'a.b.c' }));
    expect(read('Bearer lgk_abc_123')).toEqual(found({ apiKey: 'lgk_abc_123' }));
    expect(read('Bearer lgs_abc_123')).toEqual(found({ sessionToken: 'lgs_abc_123' }));
    expect(read('Bearer LGK_abc')).toEqual(found({ bearerToken: 'LGK_abc' }));
  });

  it.each([
    'Bearer a b',
    'Bearer a,b',
    'Bearer a, Bearer b',
    'Bearer a\u0000',
    'Bearer =',
    'Bearer ä',
    ' Bearer a',
    'Digest abc',
    'lgk_abc',
    `Bearer ${'a'.repeat(8192)}`,
    `Bearer lgk_${'a'.repeat(253)}`,
    `Bearer lgs_${'a'.repeat(253)}`,
  ])('refuses %j', (header) => {
    expect(read(header)).toEqual({ found: 'unreadable' });
  });

  it('refuses Basic unless it is enabled', () => {
    expect(read(basic('alice:pw'))).toEqual({ found: 'unreadable' });
  });

  it('reads Basic of a fixed tenant; the password may hold colons (RFC 7617 section 2)', () => {
    const tenant = { tenant: 'acme' };
    const expected = { basic: { tenant: 'acme', username: 'a/b', password: 'p:w:' } };
    expect(read(basic('a/b:p:w:'), tenant)).toEqual(found(expected));
    const umlaut = { basic: { tenant: 'acme', username: 'jürgen', password: 'ä' } };
    expect(read(basic('jürgen:ä'), tenant)).toEqual(found(umlaut));
  });

  it('reads the tenant from the user name, up to the first slash', () => {
    const expected = { basic: { tenant: 'acme', username: 'a/b', password: 'p' } };
    expect(read(basic('acme/a/b:p'), 'in-username')).toEqual(found(expected));
  });

  it.each([
    basic('alice'),
    basic(`${'t'.repeat(129)}/alice:pw`),
    basic(`acme/${'a'.repeat(321)}:pw`),
    basic(`acme/alice:${'p'.repeat(4097)}`),
    basic(':pw'),
    basic('/alice:pw'),
    basic('acme/:pw'),
    basic('alice:pw'),
    basic('acme/alice:'),
    basic('acme/ali\nce:pw'),
    `Basic ${Buffer.from([0x61, 0x2f, 0x62, 0x3a, 0xff]).toString('base64')}`,
  ])('refuses %s with the tenant in the user name', (header) => {
    expect(read(header, 'in-username')).toEqual({ found: 'unreadable' });
  });
});
