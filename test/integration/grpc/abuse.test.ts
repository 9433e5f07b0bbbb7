import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect as http2Connect, constants, type ClientHttp2Session } from 'node:http2';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  endHeaders,
  endStream,
  frame,
  frameType,
  grpcHeaders,
  openRaw,
  type RawConnection,
} from './raw-http2.js';
import { method } from './test-server.js';

/** Patience of a busy machine. */
const soon = { timeout: 10_000 };

let child: ChildProcess;
let port: number;
let undefended: number;
const sessions: { destroy(): void }[] = [];

beforeAll(async () => {
  const file = fileURLToPath(new URL('./attacked-server.ts', import.meta.url));
  child = fork(file, { execArgv: ['--expose-gc', '--conditions=source', '--import', 'tsx'] });
  const [ready] = (await once(child, 'message')) as [{ port: number; undefended: number }];
  ({ port, undefended } = ready);
});
afterEach(() => sessions.splice(0).forEach((session) => session.destroy()));
afterAll(() => child.kill());

async function stats(): Promise<{ handled: number; residentMb: number }> {
  child.send('stats');
  const [answer] = (await once(child, 'message')) as [{ handled: number; residentMb: number }];
  return answer;
}

function open(settings = {}, target = port): ClientHttp2Session {
  // Without room of its own, Node's client gives up before the server has to.
  const session = http2Connect(`http://localhost:${target}`, { settings, maxSessionMemory: 1000 });
  session.on('error', () => undefined);
  sessions.push(session);
  return session;
}

async function raw(preface = true, target = port): Promise<RawConnection> {
  const connection = await openRaw(target, preface);
  sessions.push(connection.socket);
  return connection;
}

interface Outcome {
  readonly status: string | undefined;
  readonly reset: number | undefined;
}

/** Sends one request; resolves with its gRPC status, or with the code it was reset with. */
function request(
  session: ClientHttp2Session,
  path: string,
  body: Uint8Array = emptyMessage,
  extra: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc' };
    const stream = session.request({ ...headers, te: 'trailers', ...extra });
    let status: string | undefined;
    const note = (fields: object): void => {
      if ('grpc-status' in fields) status = String(fields['grpc-status']);
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('error', () => undefined);
    stream.on('close', () =>
      resolve({ status, reset: status === undefined ? stream.rstCode : undefined }),
    );
    stream.resume();
    stream.end(body);
  });
}

const sleep = <T>(ms: number, value: T): Promise<T> =>
  new Promise((resolve) => setTimeout(() => resolve(value), ms));

const emptyMessage = Buffer.alloc(5);
const message = (payload: Uint8Array, compressed = false): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed ? 1 : 0);
  head.writeUInt32BE(payload.length, 1);
  return Buffer.concat([head, payload]);
};

/** The server still serves others: what every attack must leave true. */
async function expectServing(): Promise<void> {
  expect(await request(open(), method)).toMatchObject({ status: '0' });
}

describe('paths (grpc-go CVE-2026-33186: a :path without slash passes a deny rule)', () => {
  const bare = method.slice(1);
  it.each([
    bare,
    `/${method}`,
    `${method}/`,
    method.toLowerCase(),
    method.replace('/GetJwks', '//GetJwks'),
    method.replace('/GetJwks', '/./GetJwks'),
    method.replace('/GetJwks', '/x/../GetJwks'),
    method.replace('/GetJwks', '%2fGetJwks'),
    method.replace('GetJwks', '%47etJwks'),
    `${method}?x=1`,
    `${method}#x`,
    `${method} `,
    `\\${bare}`,
    `http://localhost${method}`,
    `${method}\u00e9`,
    '*',
    '/',
  ])('%j reaches no handler', async (path) => {
    const before = await stats();
    const { status } = await request(open(), path);
    expect([undefined, '12']).toContain(status);
    expect((await stats()).handled).toBe(before.handled);
  });

  it('an empty, an absent and a doubled path reach no handler', async () => {
    const before = await stats();
    for (const block of [
      grpcHeaders(''),
      Buffer.concat([grpcHeaders(method), Buffer.from([0x84])]),
      grpcHeaders(method).subarray(Buffer.from('\0\x07:method\x04POST').length),
    ]) {
      const { socket } = await raw();
      socket.write(frame(frameType.headers, endHeaders, 1, block));
      socket.write(frame(frameType.data, endStream, 1, emptyMessage));
    }
    await expectServing();
    expect((await stats()).handled).toBe(before.handled + 1);
  });
});

describe('size', () => {
  it('an announced 4 GiB message is refused at once (grpc-js CVE-2024-37168)', async () => {
    const huge = Buffer.alloc(16_384, 0xff).fill(0, 0, 1);
    expect(await request(open(), method, huge)).toMatchObject({ status: '8' });
  });

  it('64 messages of 1 MiB + 1 at once hold little memory', async () => {
    const before = await stats();
    const body = message(Buffer.alloc((1 << 20) + 1));
    const session = open();
    const all = await Promise.all(Array.from({ length: 64 }, () => request(session, method, body)));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set(['8']));
    expect((await stats()).residentMb - before.residentMb).toBeLessThan(100);
  });

  it('a message that grows a thousandfold when unpacked is refused (CVE-2024-37168)', async () => {
    const before = await stats();
    const bomb = message(gzipSync(Buffer.alloc(256 << 20)), true);
    expect(bomb.length).toBeLessThan(1 << 19);
    const outcome = await request(open(), method, bomb, { 'grpc-encoding': 'gzip' });
    expect(outcome).toMatchObject({ status: '8' });
    expect((await stats()).residentMb - before.residentMb).toBeLessThan(100);
  });

  it.each([
    ['one value of 32 KiB', { 'x-big': 'a'.repeat(32_768) }],
    ['110 entries', Object.fromEntries(Array.from({ length: 110 }, (_, i) => [`x-${i}`, 'a']))],
  ])('metadata of %s reaches no handler', async (_, extra) => {
    const unlimited = open({}, undefended);
    await once(unlimited, 'remoteSettings');
    const taken = await request(unlimited, method, emptyMessage, extra);
    expect(taken.status).toBe('0');
    const before = await stats();
    const session = open();
    await once(session, 'remoteSettings');
    expect((await request(session, method, emptyMessage, extra)).status).not.toBe('0');
    expect((await stats()).handled).toBe(before.handled);
    await expectServing();
  });

  it('endless CONTINUATION frames cut the connection (CVE-2024-27983)', async () => {
    const { socket, closed } = await raw();
    socket.write(frame(frameType.headers, 0, 1, grpcHeaders(method)));
    const more = frame(frameType.continuation, 0, 1, grpcHeaders(method));
    for (let i = 0; i < 2000; i++) socket.write(more);
    await expect(closed).resolves.toBeUndefined();
    await expectServing();
  });
});

describe('time', () => {
  /** Sends a request a byte at a time until it is reset, or for a while. */
  async function drip(session: ClientHttp2Session): Promise<number | 'still open'> {
    const headers = { ':method': 'POST', ':path': method, 'content-type': 'application/grpc' };
    const stream = session.request(headers);
    stream.on('error', () => undefined);
    const body = message(Buffer.alloc(1000));
    let sent = 0;
    const drops = setInterval(() => stream.write(body.subarray(sent, ++sent)), 20);
    const closed = new Promise<number>((resolve) => {
      stream.on('close', () => resolve(stream.rstCode ?? 0));
    });
    const outcome = await Promise.race([closed, sleep(1500, 'still open' as const)]);
    clearInterval(drops);
    return outcome;
  }

  it('a request that comes drop by drop is reset, its neighbours are not', async () => {
    expect(await drip(open({}, undefended))).toBe('still open');
    const session = open();
    expect(await drip(session)).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(await request(session, method)).toMatchObject({ status: '0' });
  });

  it('a connection full of such requests is cut, and its memory comes back', async () => {
    const before = await stats();
    const session = open();
    const headers = { ':method': 'POST', ':path': method, 'content-type': 'application/grpc' };
    const half = message(Buffer.alloc(1 << 20)).subarray(0, 900_000);
    for (let i = 0; i < 60; i++) {
      const stream = session.request(headers);
      stream.on('error', () => undefined);
      stream.write(half);
    }
    await new Promise<void>((resolve) => session.on('close', () => resolve()));
    await expectServing();
    expect((await stats()).residentMb - before.residentMb).toBeLessThan(150);
  });

  it('answers that are not taken are reset', async () => {
    const settings = { initialWindowSize: 0 };
    const forGood = request(open(settings, undefended), method);
    expect(await Promise.race([forGood, sleep(1500, 'still open')])).toBe('still open');
    const outcome = await request(open(settings), method);
    expect(outcome).toEqual({ status: undefined, reset: constants.NGHTTP2_ENHANCE_YOUR_CALM });
  });

  it('a connection that says nothing is cut', async () => {
    const forGood = await raw(false, undefended);
    const { closed } = await raw(false);
    await expect(closed).resolves.toBeUndefined();
    expect(forGood.socket.destroyed).toBe(false);
  });

  it('a connection that does not answer pings is cut', async () => {
    const { closed } = await raw();
    await expect(closed).resolves.toBeUndefined();
  });
});

describe('number', () => {
  it('rapid reset cuts the connection (CVE-2023-44487)', async () => {
    const before = await stats();
    const { socket, closed } = await raw();
    const block = grpcHeaders(method);
    const cancel = Buffer.from([0, 0, 0, constants.NGHTTP2_CANCEL]);
    for (let i = 0; i < 20_000 && !socket.destroyed; i++) {
      const id = 2 * i + 1;
      socket.write(frame(frameType.headers, endHeaders, id, block));
      socket.write(frame(frameType.reset, 0, id, cancel));
      if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    // Well before keepalive would notice that nobody answers.
    const cut = closed.then(() => 'cut');
    expect(await Promise.race([cut, sleep(2500, 'still open')])).toBe('cut');
    const after = await stats();
    expect(after.residentMb - before.residentMb).toBeLessThan(100);
    expect(after.handled).toBe(before.handled);
    await expectServing();
  });

  it('pings whose answers are not read cut the connection (CVE-2019-9512)', async () => {
    const before = await stats();
    const { socket, closed } = await raw();
    socket.pause();
    const many = Buffer.concat(
      Array.from({ length: 1000 }, () => frame(frameType.ping, 0, 0, Buffer.alloc(8))),
    );
    for (let i = 0; i < 300; i++) socket.write(many);
    await Promise.race([closed, once(socket, 'error')]);
    expect((await stats()).residentMb - before.residentMb).toBeLessThan(100);
    await expectServing();
  });

  it('more calls at once than allowed are refused', async () => {
    const session = open();
    await once(session, 'remoteSettings');
    expect(session.remoteSettings.maxConcurrentStreams).toBe(64);
    const { socket, received } = await raw();
    for (let i = 0; i < 65; i++) {
      socket.write(frame(frameType.headers, endHeaders, 2 * i + 1, grpcHeaders(method)));
    }
    const refused = frame(
      frameType.reset,
      0,
      129,
      Buffer.from([0, 0, 0, constants.NGHTTP2_REFUSED_STREAM]),
    );
    await expect.poll(() => received().includes(refused), soon).toBe(true);
  });

  it('more connections than allowed are closed', async () => {
    const forGood = await Promise.all(Array.from({ length: 60 }, () => raw(true, undefended)));
    const all = await Promise.all(Array.from({ length: 60 }, () => raw()));
    const alive = (some: readonly RawConnection[]): number =>
      some.filter(({ socket }) => !socket.destroyed).length;
    await expect.poll(() => alive(all), soon).toBeLessThanOrEqual(50);
    expect(alive(forGood)).toBe(60);
  });
});
