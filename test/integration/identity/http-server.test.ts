import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';
import { join } from 'node:path';
import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '#libs/runtime/clock.js';
import { createDevCertificates, writeDevCertificates } from '#libs/runtime/dev-certs.js';
import { systemRandom } from '#libs/runtime/ids.js';
import { createLogger } from '#libs/runtime/log.js';
import { startHttpServer } from '#services/identity/http/http-server.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
} from '../../support/identity/running-identity.js';
import { freePort } from '../../support/net/free-ports.js';
import { startOauthCell } from '../../support/oauth/oauth-cell.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const log = createLogger({ service: 'test', level: 'silent' });
const surroundings = { clock: systemClock, random: systemRandom };
const plain = { tls: undefined, allowPlaintext: false, clock: systemClock, log };

test('plaintext beyond loopback is refused', async () => {
  const answer = () => undefined;
  const start = startHttpServer({ ...plain, address: '0.0.0.0:0', answer });
  await expect(start).rejects.toMatchObject({ reason: 'MISCONFIGURED' });
});

test('an issuer that is no host is refused', async () => {
  const folder = temporaryFolder();
  closers.push(() => folder.remove());
  const httpAddress = '127.0.0.1:0';
  for (const issuer of ['https://auth.example/tenant', 'https://auth.example?x=1']) {
    const start = startWorld(testConfig(folder.path, { httpAddress, issuer }));
    await expect(start).rejects.toMatchObject({ reason: 'MISCONFIGURED' });
  }
});

test('health, headers, and limits', async () => {
  const cell = await startOauthCell('http');
  closers.push(() => cell.stop());
  const health = await fetch(`${cell.issuer}/healthz`);
  expect([health.status, await health.text()]).toEqual([200, 'ok\n']);
  expect(health.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(health.headers.get('x-content-type-options')).toBe('nosniff');
  expect(health.headers.get('x-frame-options')).toBe('DENY');
  const long = await fetch(`${cell.issuer}/${'x'.repeat(17_000)}`);
  expect(long.status).toBe(414);
  const body = new URLSearchParams({ token: 'x'.repeat(70_000) });
  const large = await fetch(`${cell.issuer}/oauth/introspect`, { method: 'POST', body });
  expect(large.status).toBeGreaterThanOrEqual(400);
  const page = await fetch(`${cell.issuer}/nowhere`, { method: 'POST', body });
  expect(page.status).toBeGreaterThanOrEqual(400);
});

test('a request that runs is finished at shutdown, and no new one is taken', async () => {
  let finish: () => void = () => undefined;
  const server = await startHttpServer({
    ...plain,
    address: '127.0.0.1:0',
    answer: (_request, response) => {
      finish = () => response.end('done');
    },
  });
  const { port } = server;
  const answered = new Promise<string>((resolve, reject) => {
    request({ host: '127.0.0.1', port }, (answer) => {
      answer.on('data', (chunk: Buffer) => resolve(chunk.toString('utf8')));
    })
      .on('error', reject)
      .end();
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  const closed = server.close(5_000);
  await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
  finish();
  expect(await answered).toBe('done');
  expect(await closed).toBe(true);
});

test('TLS 1.3 only; new certificates are taken while it runs', async () => {
  const folder = temporaryFolder();
  closers.push(() => folder.remove());
  const [first, second] = [join(folder.path, 'a'), join(folder.path, 'b')];
  for (const where of [first, second]) {
    const wish = { hosts: ['localhost', '127.0.0.1'], clients: [], days: 1 };
    writeDevCertificates(where, await createDevCertificates({ ...wish, ...surroundings }));
  }
  const certFile = join(first, 'server.pem');
  const keyFile = join(first, 'server-key.pem');
  const port = await freePort();
  const server = await startHttpServer({
    ...plain,
    address: `127.0.0.1:${port}`,
    tls: { certFile, keyFile, clientCertificates: 'none' },
    answer: (_request, response) => response.end('ok'),
  });
  closers.push(() => server.close(100));
  const shown = async (maxVersion?: 'TLSv1.2'): Promise<string> => {
    const socket = await new Promise<TLSSocket>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, rejectUnauthorized: false };
      const made = connect({ ...options, ...(maxVersion && { maxVersion }) }, () => resolve(made));
      made.on('error', reject);
    });
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  };
  const before = await shown();
  await expect(shown('TLSv1.2')).rejects.toThrow();
  writeFileSync(certFile, readFileSync(join(second, 'server.pem')));
  writeFileSync(keyFile, readFileSync(join(second, 'server-key.pem')));
  expect(await server.reload()).toBe(true);
  expect(await shown()).not.toBe(before);
});
