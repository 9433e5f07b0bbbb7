import { hash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDevCertificates, writeDevCertificates } from '#libs/runtime/dev-certs.js';
import { systemClock } from '#libs/runtime/clock.js';
import { systemRandom } from '#libs/runtime/ids.js';
import {
  ClientKind,
  ClientServiceService as Clients,
  ClientSettings,
} from '#proto/ledgate/identity/v1/client.js';
import {
  audience,
  startWorld,
  temporaryFolder,
  testConfig,
} from '../../support/identity/running-identity.js';
import { setUpTenant } from '../../support/identity/tenant-setup.js';
import { startIdentity, type RunningIdentity } from '#services/identity/main.js';
import { freePort } from '../../support/net/free-ports.js';
import { claimsIn } from './flows.js';

const folder = temporaryFolder();
const pem = (name: string): string => readFileSync(join(folder.path, 'tls', name), 'utf8');
let identity: RunningIdentity;
let origin = '';
/** A client that is authenticated by its certificate, `store`; and one whose certificate is `other`. */
let store = '';
let other = '';

beforeAll(async () => {
  const hosts = ['127.0.0.1'];
  const names = { hosts, clients: ['store', 'other'], days: 1 };
  const surroundings = { clock: systemClock, random: systemRandom };
  const made = await createDevCertificates({ ...surroundings, ...names });
  const strange = await createDevCertificates({ ...surroundings, ...names });
  writeDevCertificates(join(folder.path, 'tls'), made);
  writeDevCertificates(join(folder.path, 'tls', 'strange'), strange);
  const data = join(folder.path, 'data');
  const httpAddress = `127.0.0.1:${await freePort()}`;
  // Keys are those of an issuer.
  origin = `https://${httpAddress}`;
  const world = await startWorld(testConfig(data, { issuer: origin }));
  const { admin } = await setUpTenant(world, 'acme');
  const register = async (name: string): Promise<string> => {
    const registered = await world.call(
      Clients.registerClient,
      {
        kind: ClientKind.CLIENT_KIND_SERVICE,
        settings: ClientSettings.fromPartial({
          name,
          grantTypes: ['client_credentials'],
          scopes: ['orders:read'],
          authMethod: 'tls_client_auth',
          audiences: [{ id: audience, offline: false }],
        }),
        withoutSecret: true,
      },
      admin,
    );
    const { principalId, clientId } = registered;
    const spki = new X509Certificate(pem(`${name}.pem`)).publicKey;
    const spkiSha256 = hash('sha256', spki.export({ type: 'spki', format: 'der' }), 'base64url');
    await world.call(Clients.bindCertificate, { principalId, name, spkiSha256 }, admin);
    return clientId;
  };
  store = await register('store');
  other = await register('other');
  await world.close();
  // The same cell again, behind TLS.
  const file = (name: string): string => join(folder.path, 'tls', name);
  const tls = {
    certFile: file('server.pem'),
    keyFile: file('server-key.pem'),
    caFile: file('ca.pem'),
    clientCertificates: 'optional',
  } as const;
  identity = await startIdentity(testConfig(data, { httpAddress, issuer: origin, tls }));
});
afterAll(async () => {
  await identity.close();
  folder.remove();
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Over a connection with this certificate; none: without one. */
function post(
  path: string,
  form: Readonly<Record<string, string>>,
  certificate?: string,
): Promise<Answer> {
  const shown =
    certificate === undefined
      ? {}
      : { cert: pem(`${certificate}.pem`), key: pem(`${certificate}-key.pem`) };
  const options = {
    method: 'POST',
    agent: false,
    ca: pem('ca.pem'),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    ...shown,
  } as const;
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, origin), options, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      answer.on('end', () => {
        const body = JSON.parse(text) as Record<string, unknown>;
        resolve({ status: answer.statusCode ?? 0, body });
      });
    });
    sent.on('error', reject);
    sent.end(new URLSearchParams(form).toString());
  });
}

const ask = (clientId: string, certificate?: string): Promise<Answer> => {
  const form = { grant_type: 'client_credentials', scope: 'orders:read', client_id: clientId };
  return post('/oauth/token', form, certificate);
};

const refused = { status: 401, body: { error: 'invalid_client' } };

describe('a client with tls_client_auth (RFC 8705)', () => {
  test('gets tokens over a connection with its certificate, bound to it', async () => {
    const { status, body } = await ask(store, 'store');
    expect(status).toBe(200);
    const { raw } = new X509Certificate(pem('store.pem'));
    const thumbprint = hash('sha256', raw, 'base64url');
    expect(claimsIn(String(body['access_token']))).toMatchObject({
      iss: origin,
      client_id: store,
      cnf: { 'x5t#S256': thumbprint },
    });
    const token = String(body['access_token']);
    const told = await post('/oauth/introspect', { token, client_id: store }, 'store');
    expect(told.body).toMatchObject({ active: true, cnf: { 'x5t#S256': thumbprint } });
  });

  test('gets nothing with the certificate of another, or without one', async () => {
    expect(await ask(store, 'other')).toMatchObject(refused);
    expect(await ask(other, 'store')).toMatchObject(refused);
    expect(await ask(store)).toMatchObject(refused);
    expect((await ask(other, 'other')).status).toBe(200);
  });

  test('gets nothing with a certificate of an authority that is not trusted', async () => {
    expect(await ask(store, 'strange/store')).toMatchObject(refused);
  });

  test('is not authenticated by saying so in headers or forms', async () => {
    const form = { grant_type: 'client_credentials', client_id: store, client_secret: 'x' };
    expect(await post('/oauth/token', form)).toMatchObject(refused);
  });
});
