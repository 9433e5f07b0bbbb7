import { isIPv4, isIPv6 } from 'node:net';

/**
 * What one attacker surely owns: a whole IPv4 address, or the first 64 bits of an IPv6 address.
 * `peer` is an address with or without a port, as gRPC names it; anything else is one source.
 */
export function sourcePrefix(peer: string): string {
  const address = addressOf(peer);
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return 'local';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/iu.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  return `${wordsOf(address).slice(0, 4).join(':')}::/64`;
}

function addressOf(peer: string): string {
  const text = peer.replace(/^ipv[46]:/u, '');
  const bracketed = /^\[([^\]]+)\](:\d+)?$/u.exec(text);
  if (bracketed?.[1] !== undefined) return bracketed[1];
  const withPort = /^([^:]+):\d+$/u.exec(text);
  return withPort?.[1] ?? text;
}

/** The eight 16-bit words of an IPv6 address, in hex without leading zeros. */
function wordsOf(address: string): readonly string[] {
  const [left = '', right] = (address.split('%')[0] ?? '').split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const zeros = right === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const words = [...head, ...Array.from({ length: zeros }, () => '0'), ...tail];
  return words.map((word) => word.toLowerCase().replace(/^0+(?=.)/u, ''));
}
