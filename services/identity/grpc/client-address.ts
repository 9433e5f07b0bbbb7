import { BlockList, isIP, isIPv6 } from 'node:net';
import { Failure } from '#libs/errors/failure.js';

/** Proxies whose word counts: addresses and networks (`10.0.0.0/8`). */
export type TrustedProxies = Pick<BlockList, 'check'>;

const nobody: TrustedProxies = { check: () => false };

/** @throws Failure MISCONFIGURED on anything that is no address and no network. */
export function trustedProxies(entries: readonly string[]): TrustedProxies {
  if (entries.length === 0) return nobody;
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = familyOf(address);
    const longest = family === 'ipv6' ? 128 : 32;
    const prefix = bits === undefined ? longest : Number(bits);
    const fits = /^\d{1,3}$/u.test(bits ?? '0') && prefix <= longest;
    if (isIP(address) === 0 || !fits) {
      throw new Failure('MISCONFIGURED', `trusted proxies: ${entry} is no address and no network`);
    }
    list.addSubnet(address, prefix, family);
  }
  return list;
}

/**
 * Where a call comes from. What `x-forwarded-for` says is taken from right to left, and only as far
 * as trusted proxies wrote it: anybody can send the header.
 */
export function clientAddress(
  peer: string,
  forwardedFor: string | undefined,
  trusted: TrustedProxies,
): string {
  if (trusted === nobody) return peer;
  const hops = (forwardedFor ?? '').split(',').map((hop) => hop.trim());
  let address = peer;
  while (isTrusted(address, trusted)) {
    const before = hops.pop();
    if (before === undefined || isIP(before) === 0) break;
    address = before;
  }
  return address;
}

function isTrusted(address: string, trusted: TrustedProxies): boolean {
  const bare = address.replace(/^\[|\]$/gu, '').replace(/^::ffff:(?=\d+\.)/iu, '');
  return isIP(bare) !== 0 && trusted.check(bare, familyOf(bare));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
