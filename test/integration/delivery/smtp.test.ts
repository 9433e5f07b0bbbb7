import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDevCertificates, writeDevCertificates } from '#libs/runtime/dev-certs.js';
import { systemClock } from '#libs/runtime/clock.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import { createLogger } from '#libs/runtime/log.js';
import { Secret } from '#libs/runtime/secret.js';
import {
  openDelivery,
  type OpenDelivery,
} from '#services/identity/adapters/delivery/open-delivery.js';
import {
  smtpTransport,
  type SmtpSettings,
} from '#services/identity/adapters/delivery/smtp-transport.js';
import {
  DeliveryRefused,
  type WrittenMessage,
} from '#services/identity/adapters/delivery/transport.js';
import type { Message } from '#services/identity/ports/delivery.js';
import {
  startSmtpServer,
  type SmtpServerProcess,
  type SmtpServerSettings,
} from '../../support/delivery/smtp-server-process.js';
import { temporaryFolder } from '../../support/identity/running-identity.js';

const folder = temporaryFolder();
const files = { cert: join(folder.path, 'server.pem'), key: join(folder.path, 'server-key.pem') };
const login = { username: 'acme', password: 'a secret of the mail server' };
const message: Message = {
  tenant: 't',
  tenantName: 'Café Müller',
  to: 'ada@example.org',
  language: 'de',
  content: { kind: 'LOGIN_CODE', code: '602214', validMs: 300_000 },
};
const written: WrittenMessage = { id: 'id-1', message, subject: 'Grüße', text: 'Zeile\n.\nEnde\n' };
const closing: (() => unknown)[] = [];
let ca: string;

beforeAll(async () => {
  const sources = { clock: systemClock, random: systemRandom };
  const wish = { hosts: ['127.0.0.1', 'localhost'], clients: [], days: 1 };
  writeDevCertificates(folder.path, await createDevCertificates({ ...sources, ...wish }));
  ca = readFileSync(join(folder.path, 'ca.pem'), 'utf8');
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => folder.remove());

async function serve(settings: SmtpServerSettings): Promise<SmtpServerProcess> {
  const server = await startSmtpServer({ ...files, ...settings });
  closing.push(() => server.stop());
  return server;
}

function settingsOf(server: SmtpServerProcess, more: Partial<SmtpSettings> = {}): SmtpSettings {
  const from = 'Acme <no-reply@acme.example>';
  return { host: '127.0.0.1', port: server.port, security: 'starttls', ca, from, ...more };
}

function transportTo(server: SmtpServerProcess, more: Partial<SmtpSettings> = {}) {
  const transport = smtpTransport(settingsOf(server, more));
  closing.push(() => transport.close?.());
  return transport;
}

describe('mail to a real SMTP server', () => {
  it('goes by STARTTLS with a login, as it was written', async () => {
    const server = await serve(login);
    const password = new Secret(login.password);
    await transportTo(server, { username: login.username, password }).deliver(written);
    const mail = await server.next();
    expect(mail).toMatchObject({ to: ['ada@example.org'], secure: true, user: 'acme' });
    expect(mail.raw).toMatch(/^From: Acme <no-reply@acme\.example>$/mu);
    expect(mail.raw).toMatch(/^Message-ID: <id-1@acme\.example>$/mu);
    expect(mail.raw).toMatch(/^Auto-Submitted: auto-generated$/mu);
    expect(mail.raw).toContain('Zeile');
  });

  it('goes over TLS from the first byte', async () => {
    const server = await serve({ implicitTls: true });
    await transportTo(server, { security: 'tls' }).deliver(written);
    expect((await server.next()).secure).toBe(true);
  });

  it('does not go at all where STARTTLS is not offered, or the certificate is not known', async () => {
    const plain = await serve({ offerTls: false });
    await expect(transportTo(plain).deliver(written)).rejects.toThrow();
    const other = await serve({});
    await expect(transportTo(other, { ca: undefined }).deliver(written)).rejects.toThrow();
    expect([...plain.mails, ...other.mails]).toEqual([]);
  });

  it('is refused for good by 5xx, and only for now by 4xx or a wrong login', async () => {
    const server = await serve({ answers: [550, 451] });
    const transport = transportTo(server);
    await expect(transport.deliver(written)).rejects.toThrow(DeliveryRefused);
    await expect(transport.deliver(written)).rejects.not.toThrow(DeliveryRefused);
    await transport.deliver(written);
    const guarded = await serve(login);
    const wrong = transportTo(guarded, { username: 'acme', password: new Secret('no') });
    await expect(wrong.deliver(written)).rejects.not.toThrow(DeliveryRefused);
  });

  it('takes an address as one address', async () => {
    const server = await serve({});
    const to = 'ada@example.org, eve@example.org\r\nBcc: mallory@example.org';
    const sent = transportTo(server).deliver({ ...written, message: { ...message, to } });
    await sent.catch(() => undefined);
    expect(server.mails.flatMap((mail) => mail.to)).not.toContain('eve@example.org');
    expect(server.mails.flatMap((mail) => mail.to)).not.toContain('mallory@example.org');
  });
});

describe('delivery as identity opens it', () => {
  const logged: string[] = [];
  const destination = { write: (line: string) => void logged.push(line) };

  function open(smtp: SmtpSettings): OpenDelivery {
    const log = createLogger({ service: 'identity', level: 'trace', destination });
    const ids = createIds(systemClock, systemRandom);
    const parts = { clock: systemClock, ids, log, dataDir: folder.path };
    const delivery = openDelivery({ smtp, outbox: false }, parts);
    closing.push(() => delivery.close());
    return delivery;
  }

  it('writes in the language of the reader and keeps trying; nothing of it is logged', async () => {
    const server = await serve({ answers: [451] });
    const delivery = open(settingsOf(server));
    expect([delivery.mail.available, delivery.sms.available]).toEqual([true, false]);
    const before = performance.now();
    delivery.mail.send(message);
    expect(performance.now() - before).toBeLessThan(50);
    const { raw } = await server.next();
    expect(raw).toMatch(/^Subject: =\?UTF-8\?/mu);
    expect(raw).toContain('602214');
    expect(logged.join('')).toContain('answer 451');
    expect(logged.join('')).not.toMatch(/602214|ada@example|Müller/u);
  });
});
