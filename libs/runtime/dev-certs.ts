import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from './clock.js';
import type { Random } from './ids.js';
import { issueCertificate, type CertificateWish } from './x509.js';

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

const dayMs = 86_400_000;
const authorityName = 'Ledgate development authority';

/** An authority of its own, a server certificate and client certificates, for development. */
export function createDevCertificates(wish: DevCertificatesWish): DevCertificates {
  const { clock, random, hosts, clients, days } = wish;
  const nowMs = clock.wallMs();
  const authority = newKeys();
  const issue = (
    publicKey: KeyObject,
    details: Pick<CertificateWish, 'commonName' | 'use' | 'names'>,
  ): string =>
    issueCertificate(
      {
        ...details,
        publicKey,
        serial: random.bytes(16),
        // An hour back: clocks of containers and of the host differ.
        notBeforeMs: nowMs - dayMs / 24,
        notAfterMs: nowMs + days * dayMs,
      },
      { commonName: authorityName, privateKey: authority.privateKey },
    );
  const issueWithKey = (
    details: Pick<CertificateWish, 'commonName' | 'use' | 'names'>,
  ): KeyAndCertificate => {
    const { publicKey, privateKey } = newKeys();
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { key, certificate: issue(publicKey, details) };
  };
  return {
    authority: issue(authority.publicKey, {
      commonName: authorityName,
      use: 'authority',
      names: [],
    }),
    server: issueWithKey({ commonName: hosts[0] ?? 'localhost', use: 'server', names: hosts }),
    clients: new Map(
      clients.map((name) => [
        name,
        issueWithKey({ commonName: name, use: 'client', names: [`ledgate://client/${name}`] }),
      ]),
    ),
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

function newKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}
