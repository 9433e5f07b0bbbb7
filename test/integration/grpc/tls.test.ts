import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect, type ConnectionOptions } from 'node:tls';
import type { ChannelCredentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '#libs/grpc/connect.js';
import { stopNow } from '#libs/grpc/drain.js';
import type { PeerIdentity } from '#libs/grpc/peer-identity.js';
import { clientTls, serverTls, type ServerTlsFiles } from '#libs/grpc/tls.js';
import { systemClock } from '#libs/runtime/clock.js';
import { createDevCertificates, writeDevCertificates } from '#libs/runtime/dev-certs.js';
import { systemRandom } from '#libs/runtime/ids.js';
import { createLogger } from '#libs/runtime/log.js';
import { TokenServiceClient } from '#proto/ledgate/identity/v1/token.js';
import { startTestServer } from './test-server.js';

/** Patience of a busy machine. */
const soon = { timeout: 10_000 };

const logged: string[] = [];
const log = createLogger({
  service: 'test',
  destination: { write: (line) => void logged.push(line) },
});

let root: string;
let ours: string;
let others: string;
const closers: (() => void)[] = [];
beforeEach(async () => {
  logged.length = 0;
  root = mkdtempSync(join(tmpdir(), 'ledgate-tls-'));
  ours = await newCertificates('ours');
  others = await newCertificates('others');
});
afterEach(() => {
  closers.splice(0).forEach((close) => close());
  rmSync(root, { recursive: true });
});

/** A folder with an authority of its own and certificates for `localhost` and the client `app`. */
async function newCertificates(name: string): Promise<string> {
  const wish = { clock: systemClock, random: systemRandom, days: 1 };
  const made = await createDevCertificates({ ...wish, hosts: ['localhost'], clients: ['app'] });
  writeDevCertificates(join(root, name), made);
  return join(root, name);
}

async function startTlsServer(clientCertificates: ServerTlsFiles['clientCertificates']) {
  const seen: (PeerIdentity | undefined)[] = [];
  const tls = await serverTls(
    {
      certFile: join(ours, 'server.pem'),
      keyFile: join(ours, 'server-key.pem'),
      clientCaFile: join(ours, 'ca.pem'),
      clientCertificates,
    },
    log,
  );
  const { credentials } = tls;
  const test = await startTestServer({
    credentials,
    handle: (_, { certificate }) => {
      seen.push(certificate);
      return Promise.resolve({ jwksJson: 'ok' });
    },
  });
  closers.push(
    () => tls.close(),
    () => stopNow(test.server),
  );
  return { tls, seen, port: test.port };
}

async function clientFor(port: number, ca: string, own?: string) {
  const pair =
    own === undefined ? {} : { certFile: join(own, 'app.pem'), keyFile: join(own, 'app-key.pem') };
  const tls = await clientTls({ caFile: join(ca, 'ca.pem'), ...pair }, log);
  closers.push(() => tls.close());
  return { tls, client: openClient(port, tls.credentials) };
}

function openClient(port: number, credentials: ChannelCredentials): TokenServiceClient {
  const address = `localhost:${port}`;
  const client = connect(TokenServiceClient, { address, credentials, allowPlaintext: false });
  closers.push(() => client.close());
  return client;
}

function call(client: TokenServiceClient): Promise<string> {
  return new Promise((resolve) => {
    client.getJwks({}, (error, response) => resolve(error?.details ?? response.jwksJson));
  });
}

/** The fingerprint of the certificate that a new connection is shown, or the error. */
function shown(port: number, options: ConnectionOptions = {}): Promise<string> {
  return new Promise((resolve) => {
    const all = { port, host: 'localhost', ALPNProtocols: ['h2'], rejectUnauthorized: false };
    const socket = tlsConnect({ ...all, ...options }, () => {
      resolve(`${socket.getProtocol()} ${socket.getPeerCertificate().fingerprint256}`);
      socket.destroy();
    });
    socket.on('error', (error) => resolve(String(error)));
  });
}

function ticketOf(port: number, options: ConnectionOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const all = { port, host: 'localhost', ALPNProtocols: ['h2'], rejectUnauthorized: false };
    const socket = tlsConnect({ ...all, ...options });
    socket.once('session', (session: Buffer) => {
      resolve(session);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

function isResumed(port: number, options: ConnectionOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const all = { port, host: 'localhost', ALPNProtocols: ['h2'], rejectUnauthorized: false };
    const socket = tlsConnect({ ...all, ...options }, () => {
      resolve(socket.isSessionReused());
      socket.destroy();
    });
    socket.on('error', () => resolve(false));
  });
}

describe('TLS', () => {
  it('serves whoever trusts the authority, and nobody who does not', async () => {
    const { port, seen } = await startTlsServer('none');
    expect(await call((await clientFor(port, ours)).client)).toBe('ok');
    expect(seen).toEqual([undefined]);
    expect(await call((await clientFor(port, others)).client)).toMatch(/self.signed|unable to/i);
  });

  it('speaks nothing older than TLS 1.3', async () => {
    const { port } = await startTlsServer('none');
    expect(await shown(port, { maxVersion: 'TLSv1.2' })).toMatch(/alert|version/i);
    expect(await shown(port)).toMatch(/^TLSv1\.3 /);
  });

  it('optional: knows who has a certificate of ours, and takes any other for none', async () => {
    const { port, seen } = await startTlsServer('optional');
    expect(await call((await clientFor(port, ours, ours)).client)).toBe('ok');
    expect(await call((await clientFor(port, ours)).client)).toBe('ok');
    expect(await call((await clientFor(port, ours, others)).client)).toBe('ok');
    expect(seen[0]).toMatchObject({ commonName: 'app', uris: ['ledgate://client/app'] });
    expect(seen[0]?.thumbprint).toMatch(/^[\w-]{43}$/);
    expect(seen.slice(1)).toEqual([undefined, undefined]);
  });

  it('required: refuses a connection without a certificate of ours', async () => {
    const { port, seen } = await startTlsServer('required');
    expect(await call((await clientFor(port, ours, ours)).client)).toBe('ok');
    expect(await call((await clientFor(port, ours)).client)).not.toBe('ok');
    expect(await call((await clientFor(port, ours, others)).client)).not.toBe('ok');
    expect(seen).toHaveLength(1);
  });
});

describe('replaced files', () => {
  function replace(files: readonly string[], from: string): void {
    for (const file of files) copyFileSync(join(from, file), join(ours, file));
  }

  it('are shown to new connections while the old ones go on', async () => {
    const { port, tls } = await startTlsServer('none');
    const { client } = await clientFor(port, ours);
    expect(await call(client)).toBe('ok');
    const before = await shown(port);
    expect(await tls.reload()).toBe(false);
    replace(['server.pem', 'server-key.pem'], others);
    expect(await tls.reload()).toBe(true);
    const after = await shown(port);
    expect(after).toMatch(/^TLSv1\.3 /);
    expect(after).not.toBe(before);
    // The client does not trust the new certificate: only its old connection can answer this.
    expect(await call(client)).toBe('ok');
    expect(await call((await clientFor(port, others)).client)).toBe('ok');
  });

  it('are not used half written or broken; the next look tries again', async () => {
    const { port, tls } = await startTlsServer('none');
    const before = await shown(port);
    replace(['server.pem'], others);
    expect(await tls.reload()).toBe(false);
    expect(await tls.reload()).toBe(false);
    expect(logged.filter((line) => line.includes('not usable'))).toHaveLength(1);
    writeFileSync(join(ours, 'server-key.pem'), 'garbage');
    expect(await tls.reload()).toBe(false);
    rmSync(join(ours, 'server-key.pem'));
    expect(await tls.reload()).toBe(false);
    expect(await shown(port)).toBe(before);
    expect(logged.join()).not.toContain('PRIVATE KEY');
    replace(['server-key.pem'], others);
    expect(await tls.reload()).toBe(true);
    expect(await shown(port)).not.toBe(before);
  });

  it('take a client authority away: its certificates no longer count on new connections', async () => {
    const { port, tls, seen } = await startTlsServer('required');
    const trusted = await newCertificates('copy-of-ours');
    for (const file of ['ca.pem', 'app.pem', 'app-key.pem']) {
      copyFileSync(join(ours, file), join(trusted, file));
    }
    expect(await call((await clientFor(port, trusted, trusted)).client)).toBe('ok');
    replace(['ca.pem'], others);
    expect(await tls.reload()).toBe(true);
    expect(await call((await clientFor(port, trusted, trusted)).client)).not.toBe('ok');
    expect(await call((await clientFor(port, trusted, others)).client)).toBe('ok');
    expect(seen).toHaveLength(2);
  });

  it('void the session tickets given out before (RFC 8446 section 2.2)', async () => {
    const { port, tls } = await startTlsServer('required');
    const pair = {
      cert: readFileSync(join(ours, 'app.pem')),
      key: readFileSync(join(ours, 'app-key.pem')),
    };
    const session = await ticketOf(port, pair);
    expect(await isResumed(port, { ...pair, session })).toBe(true);
    replace(['ca.pem'], others);
    expect(await tls.reload()).toBe(true);
    expect(await isResumed(port, { ...pair, session })).toBe(false);
  });

  it('are used by new connections of a client too', async () => {
    const first = await startTlsServer('required');
    const own = await newCertificates('client');
    for (const file of ['ca.pem', 'app.pem', 'app-key.pem']) {
      copyFileSync(join(ours, file), join(own, file));
    }
    const { tls, client } = await clientFor(first.port, own, own);
    expect(await call(client)).toBe('ok');
    ours = others;
    const second = await startTlsServer('required');
    expect(await call(openClient(second.port, tls.credentials))).toMatch(/self.signed|unable to/i);
    for (const file of ['ca.pem', 'app.pem', 'app-key.pem']) {
      copyFileSync(join(others, file), join(own, file));
    }
    expect(await tls.reload()).toBe(true);
    const again = openClient(second.port, tls.credentials);
    await expect.poll(() => call(again), soon).toBe('ok');
    expect(await call(client)).toBe('ok');
    expect([first.seen.length, second.seen.length]).toEqual([2, 1]);
  });

  it.each([
    ['garbage', 'garbage'],
    ['nothing', ''],
  ])('of an authority are not used when they hold %s', async (_, contents) => {
    const { port, tls } = await startTlsServer('required');
    writeFileSync(join(ours, 'ca.pem'), contents);
    expect(await tls.reload()).toBe(false);
    copyFileSync(join(ours, 'server.pem'), join(ours, 'ca.pem'));
    expect(await tls.reload()).toBe(false);
    expect(await shown(port)).toMatch(/^TLSv1\.3 /);
  });
});

describe('files at the start', () => {
  const refusal = async (files: Partial<ServerTlsFiles>): Promise<unknown> => {
    const good = {
      certFile: join(ours, 'server.pem'),
      keyFile: join(ours, 'server-key.pem'),
      clientCertificates: 'none' as const,
    };
    try {
      return await serverTls({ ...good, ...files }, log);
    } catch (error) {
      return error;
    }
  };

  it('must exist, fit together, and name an authority for clients', async () => {
    const misconfigured = { reason: 'MISCONFIGURED' };
    expect(await refusal({ certFile: join(root, 'nowhere.pem') })).toMatchObject(misconfigured);
    expect(await refusal({ keyFile: join(others, 'server-key.pem') })).toMatchObject(misconfigured);
    expect(await refusal({ clientCertificates: 'required' })).toMatchObject(misconfigured);
    await expect(clientTls({ certFile: join(ours, 'app.pem') }, log)).rejects.toMatchObject(
      misconfigured,
    );
  });
});
