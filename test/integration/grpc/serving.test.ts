import { execFile } from 'node:child_process';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { promisify } from 'node:util';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { connect } from '#libs/grpc/connect.js';
import { drain, stopNow } from '#libs/grpc/drain.js';
import { addReflection } from '#libs/grpc/reflection.js';
import { createServer, listen } from '#libs/grpc/server.js';
import { sleep, systemClock } from '#libs/runtime/clock.js';
import {
  HealthCheckResponse_ServingStatus as Serving,
  HealthClient,
} from '#proto/grpc/health/v1/health.js';
import { TokenServiceClient } from '#proto/ledgate/identity/v1/token.js';
import { serviceName, startTestServer, type TestServer } from './test-server.js';

/** Patience of a busy machine. */
const soon = { timeout: 10_000 };

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

const plain = { credentials: undefined, allowPlaintext: false };
function healthOf({ port, server }: TestServer): HealthClient {
  const client = connect(HealthClient, { address: `localhost:${port}`, ...plain });
  closers.push(
    () => client.close(),
    () => stopNow(server),
  );
  return client;
}
function check(client: HealthClient, service: string): Promise<Serving | status> {
  return new Promise((resolve) =>
    client.check({ service }, (error, response) => resolve(error?.code ?? response.status)),
  );
}

describe('health (grpc.health.v1)', () => {
  it('answers for the whole, for a service, and NOT_FOUND for others', async () => {
    const test = await startTestServer();
    const client = healthOf(test);
    expect(await check(client, '')).toBe(Serving.SERVING);
    expect(await check(client, serviceName)).toBe(Serving.SERVING);
    expect(await check(client, 'other')).toBe(status.NOT_FOUND);
    test.health.set(false, serviceName);
    expect(await check(client, serviceName)).toBe(Serving.NOT_SERVING);
    expect(await check(client, '')).toBe(Serving.SERVING);
  });

  it('tells a watch the state now and every change, once', async () => {
    const test = await startTestServer();
    const seen: Serving[] = [];
    const unknown: Serving[] = [];
    const client = healthOf(test);
    const watch = client.watch({ service: serviceName });
    watch.on('data', (response: { status: Serving }) => seen.push(response.status));
    const other = client.watch({ service: 'other' });
    other.on('data', (response: { status: Serving }) => unknown.push(response.status));
    await expect.poll(() => [seen.length, unknown.length], soon).toEqual([1, 1]);
    test.health.set(true);
    test.health.set(false);
    await expect.poll(() => seen, soon).toEqual([Serving.SERVING, Serving.NOT_SERVING]);
    expect(unknown).toEqual([Serving.SERVICE_UNKNOWN]);
    const ended = new Promise((resolve) => watch.on('end', resolve));
    test.health.close();
    await ended;
  });
});

describe('a call that streams', () => {
  it('is left alone by what cuts stuck calls', async () => {
    const test = await startTestServer({ limits: { stuckCallMs: 50 } });
    const seen: Serving[] = [];
    const watch = healthOf(test).watch({ service: '' });
    watch.on('data', (response: { status: Serving }) => seen.push(response.status));
    watch.on('error', () => undefined);
    await expect.poll(() => seen.length, soon).toBe(1);
    await sleep(systemClock, 300);
    test.health.set(false);
    await expect.poll(() => seen, soon).toEqual([Serving.SERVING, Serving.NOT_SERVING]);
  });
});

describe('drain', () => {
  it('lets a running call end, refuses new ones, and ends watches', async () => {
    let finish = (): void => undefined;
    let began = false;
    const handle = async (): Promise<{ jwksJson: string }> => {
      began = true;
      await new Promise<void>((resolve) => (finish = resolve));
      return { jwksJson: 'done' };
    };
    const test = await startTestServer({ handle });
    const health = healthOf(test);
    health
      .watch({ service: '' })
      .on('data', () => undefined)
      .on('error', () => undefined);
    const client = connect(TokenServiceClient, { address: `localhost:${test.port}`, ...plain });
    closers.push(() => client.close());
    const answer = new Promise((resolve, reject) =>
      client.getJwks({}, (error, response) => (error === null ? resolve(response) : reject(error))),
    );
    await expect.poll(() => began, soon).toBe(true);
    const { server } = test;
    const done = drain({
      server,
      health: test.health,
      clock: systemClock,
      noticeMs: 0,
      graceMs: 5000,
    });
    const late = connect(HealthClient, { address: `localhost:${test.port}`, ...plain });
    closers.push(() => late.close());
    expect(await check(late, '')).toBe(status.UNAVAILABLE);
    finish();
    expect(await answer).toEqual({ jwksJson: 'done' });
    expect(await done).toBe(true);
  });

  it('cuts calls that outlive the grace', async () => {
    let began = false;
    const test = await startTestServer({
      handle: () => {
        began = true;
        return new Promise(() => undefined);
      },
    });
    const client = connect(TokenServiceClient, { address: `localhost:${test.port}`, ...plain });
    closers.push(() => client.close());
    const code = new Promise((resolve) => client.getJwks({}, (error) => resolve(error?.code)));
    await expect.poll(() => began, soon).toBe(true);
    const { server, health } = test;
    expect(await drain({ server, health, clock: systemClock, noticeMs: 1, graceMs: 50 })).toBe(
      false,
    );
    expect([status.UNAVAILABLE, status.CANCELLED, status.INTERNAL]).toContain(await code);
  });
});

describe('listen', () => {
  it('says that an address is taken', async () => {
    const test = await startTestServer();
    healthOf(test);
    const options = { address: `localhost:${test.port}`, ...plain };
    await expect(listen(createServer(), options)).rejects.toMatchObject({
      reason: 'MISCONFIGURED',
    });
  });
});

describe('reflection', () => {
  it('is enough for a tool that knows nothing of us', async () => {
    const test = await startTestServer();
    addReflection(test.server, [serviceName]);
    closers.push(() => stopNow(test.server));
    const plainGrpc = ['curl', '--http2-prior-knowledge', '--protocol', 'grpc'];
    const buf = (...args: readonly string[]) =>
      promisify(execFile)('node_modules/.bin/buf', [...plainGrpc, ...args]);
    const url = `http://localhost:${test.port}`;
    for (const reflection of ['grpc-v1', 'grpc-v1alpha']) {
      const listed = await buf('--reflect-protocol', reflection, '--list-methods', url);
      expect(listed.stdout).toContain(`${serviceName}/GetJwks`);
      const path = `${url}/${serviceName}/GetJwks`;
      const called = await buf('--reflect-protocol', reflection, '-d', '{}', path);
      expect(JSON.parse(called.stdout)).toEqual({ jwksJson: '{"keys":[]}' });
    }
  });
});

describe('a connection that makes no calls', () => {
  it('is closed after a while, one that makes some is not', async () => {
    const limits = { connectionIdleMs: 600, stuckCallMs: 100 };
    const test = await startTestServer({ limits });
    closers.push(() => stopNow(test.server));
    const closed: string[] = [];
    const open = (name: string): ClientHttp2Session => {
      const session = connectHttp2(`http://localhost:${test.port}`);
      session.on('close', () => closed.push(name));
      closers.push(() => session.destroy());
      return session;
    };
    open('idle');
    const busy = open('busy');
    const path = '/no.Service/NoMethod';
    const headers = { ':path': path, ':method': 'POST', 'content-type': 'application/grpc' };
    const calling = setInterval(() => busy.request(headers).resume().end(), 50);
    closers.push(() => clearInterval(calling));
    await expect.poll(() => closed, soon).toEqual(['idle']);
    await sleep(systemClock, 700);
    expect(closed).toEqual(['idle']);
  });
});
