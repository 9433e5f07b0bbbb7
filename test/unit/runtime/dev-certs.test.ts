import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Clock } from '#libs/runtime/clock.js';
import { createDevCertificates, writeDevCertificates } from '#libs/runtime/dev-certs.js';
import { systemRandom } from '#libs/runtime/ids.js';

const nowMs = Date.UTC(2026, 10, 24);
const clock: Clock = { wallMs: () => nowMs, monotonicMs: () => 0, after: () => () => undefined };
const hosts = ['localhost', 'identity', '127.0.0.1', '::1', '2001:db8::ff00:42'];
const wish = { clock, random: systemRandom, hosts, clients: ['authorizer-1'], days: 90 };
const made = await createDevCertificates(wish);
const authority = new X509Certificate(made.authority);
const server = new X509Certificate(made.server.certificate);
const client = new X509Certificate(made.clients.get('authorizer-1')?.certificate ?? '');
const folder = mkdtempSync(join(tmpdir(), 'ledgate-certs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const hasOpenssl = ((): boolean => {
  try {
    return execFileSync('openssl', ['version']).length > 0;
  } catch {
    return false;
  }
})();

describe('development certificates', () => {
  it('have an authority that signed them, and fit their keys', () => {
    expect(authority.ca).toBe(true);
    expect(authority.verify(authority.publicKey)).toBe(true);
    for (const [certificate, key] of [
      [server, made.server.key],
      [client, made.clients.get('authorizer-1')?.key ?? ''],
    ] as const) {
      expect(certificate.ca).toBe(false);
      expect(certificate.checkIssued(authority)).toBe(true);
      expect(certificate.verify(authority.publicKey)).toBe(true);
      expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
    }
  });

  it('carry their names, purposes and times', () => {
    expect(server.checkHost('identity')).toBe('identity');
    expect(server.checkHost('other')).toBeUndefined();
    for (const address of hosts.slice(2)) expect(server.checkIP(address)).toBe(address);
    expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(client.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(client.subject).toBe('CN=authorizer-1');
    expect(client.subjectAltName).toBe('URI:ledgate://client/authorizer-1');
    expect(Date.parse(server.validTo)).toBe(nowMs + 90 * 86_400_000);
    expect(Date.parse(server.validFrom)).toBe(nowMs - 3_600_000);
  });

  it('differ each time, with serial numbers of 128 bits', async () => {
    const again = new X509Certificate((await createDevCertificates(wish)).server.certificate);
    expect(again.serialNumber).not.toBe(server.serialNumber);
    expect(again.fingerprint256).not.toBe(server.fingerprint256);
  });

  it('live past 2049 (GeneralizedTime)', async () => {
    const late = await createDevCertificates({ ...wish, days: 365 * 40 });
    expect(new X509Certificate(late.authority).validTo).toContain('2066');
  });

  it('are written with keys that only their owner can read', () => {
    const names = writeDevCertificates(folder, made).map((path) => path.slice(folder.length + 1));
    expect(names.toSorted()).toEqual([
      'authorizer-1-key.pem',
      'authorizer-1.pem',
      'ca.pem',
      'server-key.pem',
      'server.pem',
    ]);
    expect(statSync(join(folder, 'server-key.pem')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'ca.pem')).mode & 0o777).toBe(0o644);
  });

  it.runIf(hasOpenssl)('satisfy another implementation', () => {
    writeDevCertificates(folder, made);
    for (const [name, purpose] of [
      ['server', 'sslserver'],
      ['authorizer-1', 'sslclient'],
    ] as const) {
      const args = ['verify', '-x509_strict', '-attime', String(nowMs / 1000), '-purpose', purpose];
      const files = ['-CAfile', join(folder, 'ca.pem'), join(folder, `${name}.pem`)];
      expect(execFileSync('openssl', [...args, ...files]).toString()).toMatch(/: OK\s*$/);
    }
  });
});
