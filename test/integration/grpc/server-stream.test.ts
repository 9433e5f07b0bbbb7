import {
  Client,
  Metadata,
  status,
  type ClientReadableStream,
  type ServiceError,
} from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '#libs/errors/failure.js';
import { createCallMetrics } from '#libs/grpc/call-metrics.js';
import { connect } from '#libs/grpc/connect.js';
import { stopNow } from '#libs/grpc/drain.js';
import { createServer, listen } from '#libs/grpc/server.js';
import { serverStream, type StreamHandler } from '#libs/grpc/server-stream.js';
import { systemClock, type Clock } from '#libs/runtime/clock.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import { createLogger } from '#libs/runtime/log.js';

const path = '/test.Counter/Count';
const same = (bytes: Buffer): Buffer => bytes;
/** Patience of a busy machine. */
const soon = { timeout: 10_000 };

let stop = (): void => undefined;
afterEach(() => stop());

async function start(handle: StreamHandler<Buffer, Buffer>, clock: Clock = systemClock) {
  const closing = new AbortController();
  const registry = new Registry();
  const logged: string[] = [];
  const wiring = {
    clock,
    ids: createIds(systemClock, systemRandom),
    log: createLogger({
      service: 'test',
      level: 'debug',
      destination: { write: (line: string) => void logged.push(line) },
    }),
    metrics: createCallMetrics(registry),
    closing: closing.signal,
  };
  const server = createServer();
  const codec = {
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  const count = { path, requestStream: false, responseStream: true, ...codec };
  server.addService({ count }, { count: serverStream(wiring, handle) });
  const address = 'localhost:0';
  const port = await listen(server, { address, credentials: undefined, allowPlaintext: false });
  const plain = { credentials: undefined, allowPlaintext: false };
  const client = connect(Client, { address: `localhost:${port}`, ...plain });
  stop = () => {
    client.close();
    stopNow(server);
  };
  const open = (deadlineMs = 10_000): ClientReadableStream<Buffer> => {
    const deadline = { deadline: Date.now() + deadlineMs };
    const request = Buffer.from('go');
    return client.makeServerStreamRequest(path, same, same, request, new Metadata(), deadline);
  };
  return { open, closing, registry, logged };
}

async function read(call: ClientReadableStream<Buffer>) {
  const texts: string[] = [];
  try {
    for await (const bytes of call) texts.push(String(bytes));
    return { texts, code: status.OK };
  } catch (error) {
    const { code, details } = error as ServiceError;
    return { texts, code, details };
  }
}

describe('a server stream', () => {
  it('sends what the generator yields, ends, and is counted', async () => {
    const { open, registry } = await start(async function* (request) {
      yield Buffer.concat([request, Buffer.from(' 1')]);
      yield Buffer.from('2');
    });
    expect(await read(open())).toEqual({ texts: ['go 1', '2'], code: status.OK });
    await expect
      .poll(() => registry.metrics(), soon)
      .toContain(`ledgate_grpc_call_seconds_count{method="${path}",code="OK"} 1`);
  });

  it('ends with the failure that the generator throws, after what it had yielded', async () => {
    const { open } = await start(async function* () {
      yield Buffer.from('1');
      throw new Failure('DIVERGED', 'another history');
    });
    const ended = await read(open());
    expect(ended).toEqual({ texts: ['1'], code: status.UNAVAILABLE, details: 'another history' });
  });

  it('hides any other error and logs it', async () => {
    const { open, logged } = await start(async function* () {
      yield Buffer.from('1');
      throw new Error('hunter2');
    });
    const ended = await read(open());
    expect(ended.code).toBe(status.INTERNAL);
    expect(ended.details).not.toContain('hunter2');
    expect(logged.some((line) => line.includes('hunter2'))).toBe(true);
  });

  it('makes no more than a buffer full for a caller that takes nothing', async () => {
    let made = 0;
    const { open } = await start(async function* () {
      for (; made < 10_000; made += 1) yield Buffer.alloc(64 << 10);
    });
    const call = open();
    const messages = call[Symbol.asyncIterator]();
    await messages.next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const ahead = made;
    expect(ahead).toBeLessThan(200);
    for (let taken = 0; taken < ahead + 50; taken += 1) await messages.next();
    expect(made).toBeGreaterThan(ahead);
    call.on('error', () => undefined);
    call.cancel();
  });

  it('stops the generator when the caller goes away, or its deadline passes', async () => {
    const reasons: unknown[] = [];
    const { open } = await start(async function* (_, { signal }) {
      yield Buffer.from('1');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reasons.push((signal.reason as Failure).reason);
    });
    const cancelled = open();
    cancelled.on('error', () => undefined);
    cancelled.once('data', () => cancelled.cancel());
    await expect.poll(() => reasons, soon).toEqual(['CANCELLED']);
    expect((await read(open(200))).code).toBe(status.DEADLINE_EXCEEDED);
    await expect.poll(() => reasons, soon).toEqual(['CANCELLED', 'DEADLINE_EXCEEDED']);
  });

  it('tells its callers to connect again when the server shuts down', async () => {
    const { open, closing } = await start(async function* (_, { signal }) {
      yield Buffer.from('1');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    const call = open();
    call.once('data', () => closing.abort());
    const ended = await read(call);
    expect(ended).toMatchObject({ code: status.UNAVAILABLE });
    expect(ended.details).toContain('connect again');
    expect((await read(open())).code).toBe(status.UNAVAILABLE);
  });

  it('is ended by its handler also while its caller takes nothing', async () => {
    let end: ((failure: Failure) => void) | undefined;
    const over = settable();
    const { open } = await start(async function* (_, context) {
      end = (failure) => context.end(failure);
      yield* endless(over.resolve);
    });
    const call = await stalled(open());
    end?.(new Failure('PERMISSION_DENIED', 'no longer'));
    await over.promise;
    expect(await read(call)).toMatchObject({ code: status.PERMISSION_DENIED });
  });

  it('is ended when its caller takes nothing for a minute', async () => {
    const over = settable();
    const clock: Clock = {
      wallMs: () => systemClock.wallMs(),
      monotonicMs: () => systemClock.monotonicMs(),
      after: (delayMs, run) => systemClock.after(delayMs === 60_000 ? 50 : delayMs, run),
    };
    const { open } = await start(() => endless(over.resolve), clock);
    const call = await stalled(open());
    await over.promise;
    expect(await read(call)).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  });
});

/** A caller that takes one message and no more: what it never asks for it would take unread. */
function stalled(call: ClientReadableStream<Buffer>): Promise<ClientReadableStream<Buffer>> {
  return new Promise((resolve) => call.once('data', () => resolve(call.pause())));
}

async function* endless(over: () => void): AsyncGenerator<Buffer> {
  try {
    for (;;) yield Buffer.alloc(64 * 1024);
  } finally {
    over();
  }
}

function settable(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
