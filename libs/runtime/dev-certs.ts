// The X.509 library is built on decorators that keep their notes with this polyfill: it comes first.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { KeyObject, webcrypto } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Clock } from './clock.js';
import type { Random } from './ids.js';

export interface DevCertificatesWish {
  readonly clock: Clock;
  readonly random: Random;
  /** Names and addresses of the servers: all share one certificate. */
  readonly hosts: readonly string[];
  /** One certificate for each; the name is its common name and its file name. */
  readonly clients: readonly string[];
  readonly days: number;
}

export interface KeyAndCertificate {
  /** PEM, PKCS #8. */
  readonly key: string;
  /** PEM. */
  readonly certificate: string;
}

export interface DevCertificates {
  /** PEM of the authority's certificate. Its private key is forgotten: nobody can add to it. */
  readonly authority: string;
  readonly server: KeyAndCertificate;
  readonly clients: ReadonlyMap<string, KeyAndCertificate>;
}

interface CertificateWish {
  readonly commonName: string;
  readonly use: 'authority' | 'server' | 'client';
  /** Host names, IP addresses, and URIs (with `://`). */
  readonly names: readonly string[];
}

type Keys = webcrypto.CryptoKeyPair;

const dayMs = 86_400_000;
const authorityName = 'Ledgate development authority';
const purposes = {
  authority: [],
  server: [x509.ExtendedKeyUsage.serverAuth],
  client: [x509.ExtendedKeyUsage.clientAuth],
};

/**
 * An authority of its own, a server certificate and client certificates, for development. All keys
 * are P-256, all signatures ECDSA with SHA-256.
 */
export async function createDevCertificates(wish: DevCertificatesWish): Promise<DevCertificates> {
  const authority = await newKeys();
  const issueWithKey = async (details: CertificateWish): Promise<KeyAndCertificate> => {
    const keys = await newKeys();
    const certificate = await issue(details, keys, authority, wish);
    return { key: pemOf(keys.privateKey), certificate };
  };
  const clients = wish.clients.map(async (name) => {
    const names = [`ledgate://client/${name}`];
    return [name, await issueWithKey({ commonName: name, use: 'client', names })] as const;
  });
  const { hosts } = wish;
  const commonName = hosts[0] ?? 'localhost';
  const asAuthority = { commonName: authorityName, use: 'authority', names: [] } as const;
  return {
    authority: await issue(asAuthority, authority, authority, wish),
    server: await issueWithKey({ commonName, use: 'server', names: hosts }),
    clients: new Map(await Promise.all(clients)),
  };
}

/**
 * Writes `ca.pem`, `server.pem`, `server-key.pem`, and `<client>.pem`, `<client>-key.pem` into a
 * folder (made if absent, readable by its owner only) and answers their paths. Files of those
 * names are replaced.
 */
export function writeDevCertificates(folder: string, certificates: DevCertificates): string[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const written: string[] = [];
  const write = (name: string, contents: string, mode: number): void => {
    const path = join(folder, name);
    writeFileSync(path, contents, { mode });
    chmodSync(path, mode);
    written.push(path);
  };
  write('ca.pem', certificates.authority, 0o644);
  for (const [name, pair] of [['server', certificates.server], ...certificates.clients] as const) {
    write(`${name}-key.pem`, pair.key, 0o600);
    write(`${name}.pem`, pair.certificate, 0o644);
  }
  return written;
}

/** A signed certificate (RFC 5280) as PEM. */
async function issue(
  { commonName, use, names }: CertificateWish,
  { publicKey }: Keys,
  authority: Keys,
  { clock, random, days }: DevCertificatesWish,
): Promise<string> {
  const nowMs = clock.wallMs();
  const isAuthority = use === 'authority';
  const { keyCertSign, cRLSign, digitalSignature } = x509.KeyUsageFlags;
  const certificate = await x509.X509CertificateGenerator.create({
    // RFC 5280 section 4.1.2.2: unique, positive; 128 random bits.
    serialNumber: Buffer.from(random.bytes(16)).toString('hex'),
    subject: [{ CN: [commonName] }],
    issuer: [{ CN: [authorityName] }],
    // An hour back: clocks of containers and of the host differ.
    notBefore: new Date(nowMs - dayMs / 24),
    notAfter: new Date(nowMs + days * dayMs),
    publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      new x509.BasicConstraintsExtension(isAuthority, undefined, true),
      new x509.KeyUsagesExtension(isAuthority ? keyCertSign | cRLSign : digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
      ...(isAuthority ? [] : [new x509.ExtendedKeyUsageExtension(purposes[use])]),
      ...(names.length === 0
        ? []
        : [new x509.SubjectAlternativeNameExtension(names.map(generalName))]),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

function generalName(value: string): { type: 'url' | 'dns' | 'ip'; value: string } {
  if (value.includes('://')) return { type: 'url', value };
  return { type: isIP(value) === 0 ? 'dns' : 'ip', value };
}

async function newKeys(): Promise<Keys> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function pemOf(privateKey: webcrypto.CryptoKey): string {
  return KeyObject.from(privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
}
