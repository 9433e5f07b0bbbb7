import { ServerCredentials } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { type Tls, type TlsOptions } from '#libs/client/rpc/channel-credentials.js';
import { systemClock } from '#libs/runtime/clock.js';
import { createDevCertificates } from '#libs/runtime/dev-certs.js';
import { systemRandom } from '#libs/runtime/ids.js';
import { allowed, startScriptedAuthorizer } from '../../support/client/scripted-authorizer.js';
import { question, scriptedClients } from '../../support/client/scripted-client.js';

const { client, after } = scriptedClients();

const newCertificates = async () => {
  const wish = { clock: systemClock, random: systemRandom, days: 1 };
  return createDevCertificates({ ...wish, hosts: ['authz.internal'], clients: ['orders'] });
};
const ours = await newCertificates();
const others = await newCertificates();

/** An authorizer called `authz.internal` that asks for client certificates of our authority. */
async function tlsAuthorizer(): Promise<string> {
  const { key, certificate } = ours.server;
  const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(certificate) };
  const secure = ServerCredentials.createSsl(Buffer.from(ours.authority), [pair], true);
  const started = await startScriptedAuthorizer(
    { authorize: () => allowed() },
    '127.0.0.1:0',
    secure,
  );
  after(started.stop);
  return started.address;
}

function identityOf({ authority, clients }: typeof ours): TlsOptions {
  const { key, certificate } = clients.get('orders') ?? { key: '', certificate: '' };
  return { ca: authority, key, cert: Buffer.from(certificate) };
}

const serverName = 'authz.internal';
const { ca, key, cert } = identityOf(ours);

describe('TLS', () => {
  it('reaches an authorizer of our own authority, by its name and with a client certificate', async () => {
    const ledgate = client(await tlsAuthorizer(), { tls: { ca, key, cert, serverName } });
    expect((await ledgate.authorize(question('a'))).decision).toBe('ALLOW');
  });

  it.each<[string, Tls | undefined]>([
    ['the name is not that of the certificate', { ca, key, cert }],
    ['the authority is another one', { ...identityOf(others), serverName }],
    ['the system does not know the authority', { key, cert, serverName }],
    ['there is no client certificate', { ca, serverName }],
    ['the client certificate is of another authority', { ...identityOf(others), ca, serverName }],
    ['it is asked in plaintext', 'plaintext'],
  ])('does not ask when %s', async (_, tls) => {
    const ledgate = client(await tlsAuthorizer(), { tls, deadlineMs: 1000 });
    await expect(ledgate.authorize(question('a'))).rejects.toMatchObject({ kind: 'UNDECIDED' });
  });
});
