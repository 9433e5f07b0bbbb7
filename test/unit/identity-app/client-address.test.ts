import { describe, expect, it } from 'vitest';
import { clientAddress, trustedProxies } from '#services/identity/grpc/client-address.js';

const trusted = trustedProxies(['10.0.0.0/8', '192.0.2.1', '2001:db8::/32']);

describe('the address of a client', () => {
  it.each([
    ['203.0.113.9', undefined, '203.0.113.9'],
    ['203.0.113.9', '198.51.100.7', '203.0.113.9'],
    ['10.1.2.3', '198.51.100.7', '198.51.100.7'],
    ['::ffff:10.1.2.3', '198.51.100.7', '198.51.100.7'],
    ['[2001:db8::1]', '2001:db9::7', '2001:db9::7'],
    ['10.1.2.3', '1.1.1.1, 198.51.100.7', '198.51.100.7'],
    ['10.1.2.3', '1.1.1.1, 198.51.100.7, 192.0.2.1', '198.51.100.7'],
    ['10.1.2.3', undefined, '10.1.2.3'],
    ['10.1.2.3', '', '10.1.2.3'],
    ['10.1.2.3', 'unknown', '10.1.2.3'],
    ['10.1.2.3', '198.51.100.7, evil', '10.1.2.3'],
    ['10.1.2.3', '10.9.9.9', '10.9.9.9'],
    ['unix', '198.51.100.7', 'unix'],
  ])('peer %s, forwarded for %s → %s', (peer, header, expected) => {
    expect(clientAddress(peer, header, trusted)).toBe(expected);
  });

  it('comes from no header where no proxy is trusted', () => {
    expect(clientAddress('10.1.2.3', '198.51.100.7', trustedProxies([]))).toBe('10.1.2.3');
  });

  it.each(['proxy', '10.0.0.0/33', '10.0.0.0/x', '::1/129', ''])(
    'refuses the entry %j',
    (entry) => {
      expect(() => trustedProxies([entry])).toThrow(/no address and no network/u);
    },
  );
});
