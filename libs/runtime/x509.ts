import { createHash, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { isIP, isIPv4, SocketAddress } from 'node:net';
import * as der from './der.js';

/** What a certificate says (RFC 5280). Keys are P-256, signatures ECDSA with SHA-256. */
export interface CertificateWish {
  readonly commonName: string;
  readonly publicKey: KeyObject;
  /** At least 64 random bits, at most 20 bytes (RFC 5280 section 4.1.2.2). */
  readonly serial: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly use: 'authority' | 'server' | 'client';
  /** Host names, IP addresses, and URIs (with `://`). */
  readonly names: readonly string[];
}

export interface Issuer {
  readonly commonName: string;
  readonly privateKey: KeyObject;
}

const ecdsaWithSha256 = der.sequence(der.oid('1.2.840.10045.4.3.2'));
const purposes = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;

/** A signed certificate as PEM. */
export function issueCertificate(wish: CertificateWish, issuer: Issuer): string {
  const body = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))),
    der.integer(wish.serial),
    ecdsaWithSha256,
    distinguishedName(issuer.commonName),
    der.sequence(der.time(wish.notBeforeMs), der.time(wish.notAfterMs)),
    distinguishedName(wish.commonName),
    wish.publicKey.export({ type: 'spki', format: 'der' }),
    der.explicit(3, der.sequence(...extensionsOf(wish, issuer))),
  );
  const signature = sign('sha256', body, issuer.privateKey);
  return toPem(der.sequence(body, ecdsaWithSha256, der.bits(signature)));
}

function extensionsOf(wish: CertificateWish, issuer: Issuer): Buffer[] {
  const isAuthority = wish.use === 'authority';
  const issuerKey = keyIdentifier(createPublicKey(issuer.privateKey));
  // RFC 5280 section 4.2.1.3: keyCertSign and cRLSign, or digitalSignature.
  const keyUsage = isAuthority
    ? der.bits(Buffer.from([0x06]), 1)
    : der.bits(Buffer.from([0x80]), 7);
  const extensions = [
    extension('2.5.29.19', true, der.sequence(...(isAuthority ? [der.boolean(true)] : []))),
    extension('2.5.29.15', true, keyUsage),
    extension('2.5.29.14', false, der.octets(keyIdentifier(wish.publicKey))),
    extension('2.5.29.35', false, der.sequence(der.implicit(0, issuerKey))),
  ];
  if (wish.use !== 'authority') {
    extensions.push(extension('2.5.29.37', false, der.sequence(der.oid(purposes[wish.use]))));
  }
  if (wish.names.length > 0) {
    const names = wish.names.map(generalName);
    extensions.push(extension('2.5.29.17', false, der.sequence(...names)));
  }
  return extensions;
}

function extension(oid: string, critical: boolean, value: Uint8Array): Buffer {
  const flag = critical ? [der.boolean(true)] : [];
  return der.sequence(der.oid(oid), ...flag, der.octets(value));
}

function distinguishedName(commonName: string): Buffer {
  return der.sequence(der.set(der.sequence(der.oid('2.5.4.3'), der.text(commonName))));
}

function generalName(name: string): Buffer {
  if (name.includes('://')) return der.implicit(6, Buffer.from(name, 'latin1'));
  return isIP(name) === 0
    ? der.implicit(2, Buffer.from(name, 'latin1'))
    : der.implicit(7, addressBytes(name));
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  // SocketAddress writes the shortest form: at most one `::`, which stands for the missing zeros.
  const { address: short } = new SocketAddress({ address, family: 'ipv6' });
  const [head = '', tail] = short.split('::');
  const left = head.split(':').filter((group) => group !== '');
  const right = tail?.split(':').filter((group) => group !== '') ?? [];
  const zeros = Array<string>(8 - left.length - right.length).fill('0');
  return Buffer.from(
    [...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join(''),
    'hex',
  );
}

/** RFC 7093 section 2 method 1: the leftmost 160 bits of the SHA-256 of the key. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest().subarray(0, 20);
}

function toPem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
