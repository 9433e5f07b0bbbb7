import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync, statSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import { systemClock } from '#libs/runtime/clock.js';
import { createLogger } from '#libs/runtime/log.js';
import { Secret } from '#libs/runtime/secret.js';
import { outboxFile, outboxMessages } from '#services/identity/adapters/delivery/dev-outbox.js';
import { openDelivery } from '#services/identity/adapters/delivery/open-delivery.js';
import { DeliveryRefused } from '#services/identity/adapters/delivery/transport.js';
import { twilioTransport } from '#services/identity/adapters/delivery/twilio-transport.js';
import {
  signatureOf,
  webhookTransport,
} from '#services/identity/adapters/delivery/webhook-transport.js';
import type { Message } from '#services/identity/ports/delivery.js';
import { temporaryFolder } from '../../support/identity/running-identity.js';

interface Posted {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const posted: Posted[] = [];
/** Statuses of the next answers; then 201. */
const answers: number[] = [];
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += String(chunk)));
  request.on('end', () => {
    posted.push({ url: request.url ?? '', headers: request.headers, body });
    response.writeHead(answers.shift() ?? 201, { location: '/elsewhere' }).end('{}');
  });
});
let url: string;
const folder = temporaryFolder();

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  posted.length = 0;
  answers.length = 0;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  folder.remove();
});

const message: Message = {
  tenant: 'tenant-1',
  tenantName: 'Acme',
  to: '+491701234567',
  content: { kind: 'LOGIN_CODE', code: '602214', validMs: 300_000 },
};
const written = { id: 'id-1', message, subject: '', text: '602214 is your code & more' };
const twilio = () =>
  twilioTransport({ url, account: 'AC123', token: new Secret('t:k'), from: '+15005550006' });

describe('text messages by the Twilio-compatible API', () => {
  it('are posted as a form with basic authentication', async () => {
    await twilio().deliver(written);
    const [{ url: path, headers, body } = { url: '', headers: {}, body: '' }] = posted;
    expect(path).toBe('/2010-04-01/Accounts/AC123/Messages.json');
    expect(headers.authorization).toBe(`Basic ${Buffer.from('AC123:t:k').toString('base64')}`);
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      To: '+491701234567',
      From: '+15005550006',
      Body: '602214 is your code & more',
    });
  });

  it('name a messaging service where one is set', async () => {
    const settings = { url, account: 'AC123', token: new Secret('k'), from: 'MG77' };
    await twilioTransport(settings).deliver(written);
    expect(new URLSearchParams(posted[0]?.body).get('MessagingServiceSid')).toBe('MG77');
  });

  it.each([
    [400, true],
    [404, true],
    [429, false],
    [401, false],
    [500, false],
    [302, false],
  ])('answered by %i are refused for good: %s', async (status, forGood) => {
    answers.push(status);
    const error: unknown = await twilio()
      .deliver(written)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(error instanceof DeliveryRefused).toBe(forGood);
    expect(posted).toHaveLength(1);
  });
});

describe('text messages by a signed webhook', () => {
  it('carry a signature over time and body that the receiver can check', async () => {
    const secret = new Secret('shared with the receiver');
    await webhookTransport({ url: `${url}/sms`, secret }, systemClock).deliver(written);
    const [{ headers, body } = { headers: {} as IncomingHttpHeaders, body: '' }] = posted;
    const header = String(headers['ledgate-signature']);
    const [, seconds = '', signature] = /^t=(\d+),v1=([0-9a-f]{64})$/u.exec(header) ?? [];
    expect(signature).toBe(signatureOf(secret, Number(seconds), body));
    expect(signature).not.toBe(signatureOf(new Secret('another'), Number(seconds), body));
    expect(signature).not.toBe(signatureOf(secret, Number(seconds) + 1, body));
    expect(Math.abs(Number(seconds) * 1000 - Date.now())).toBeLessThan(5_000);
    expect(JSON.parse(body)).toEqual({
      id: 'id-1',
      to: '+491701234567',
      text: '602214 is your code & more',
      tenant: 'tenant-1',
      kind: 'LOGIN_CODE',
    });
  });
});

describe('the outbox of development', () => {
  it('keeps the last 100 in a file for its owner only, and tells who listens; logs say nothing', async () => {
    const logged: string[] = [];
    const destination = { write: (line: string) => void logged.push(line) };
    const log = createLogger({ service: 'identity', level: 'trace', destination });
    const ids = createIds(systemClock, systemRandom);
    let heard = 0;
    const done = new Promise<void>((resolve) => {
      const onOutbox = (): void => {
        heard += 1;
        if (heard === 120) resolve();
      };
      const parts = { clock: systemClock, ids, log, dataDir: folder.path, onOutbox };
      const delivery = openDelivery({ outbox: true }, parts);
      for (let sent = 0; sent < 120; sent += 1) delivery.sms.send(message);
    });
    await done;
    const file = outboxFile(folder.path);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(outboxMessages(file)).toHaveLength(100);
    expect(outboxMessages(file).at(-1)).toMatchObject({ channel: 'SMS', to: '+491701234567' });
    expect(readFileSync(file, 'utf8')).toContain('602214');
    expect(logged.join('')).not.toMatch(/602214|4917/u);
  });

  it('is empty before anything was sent', () => {
    expect(outboxMessages(outboxFile('/nowhere'))).toEqual([]);
  });
});
