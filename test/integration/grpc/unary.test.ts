import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { Failure, invalid } from '#libs/errors/failure.js';
import { callerCredential } from '#libs/grpc/caller-credential.js';
import { connect } from '#libs/grpc/connect.js';
import { stopNow } from '#libs/grpc/drain.js';
import type { CallContext } from '#libs/grpc/unary.js';
import { Status } from '#proto/google/rpc/status.js';
import { TokenServiceClient, type GetJwksResponse } from '#proto/ledgate/identity/v1/token.js';
import { method, startTestServer, type TestServer, type TestServerOptions } from './test-server.js';

/** Patience of a busy machine. */
const soon = { timeout: 10_000 };

let running: { readonly test: TestServer; readonly client: TokenServiceClient } | undefined;
afterEach(() => {
  running?.client.close();
  if (running !== undefined) stopNow(running.test.server);
});

async function start(options: TestServerOptions, bearer?: string): Promise<TestServer> {
  const test = await startTestServer(options);
  const address = `localhost:${test.port}`;
  const given = bearer === undefined ? {} : { bearer };
  const plain = { address, credentials: undefined, allowPlaintext: false };
  running = { test, client: connect(TokenServiceClient, { ...plain, ...given }) };
  return test;
}

function call(metadata = new Metadata(), deadlineMs = 5000): Promise<GetJwksResponse> {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + deadlineMs };
    running?.client.getJwks({}, metadata, options, (error, response) =>
      error === null ? resolve(response) : reject(error),
    );
  });
}

async function refusal(metadata?: Metadata, deadlineMs?: number): Promise<ServiceError> {
  try {
    await call(metadata, deadlineMs);
  } catch (error) {
    return error as ServiceError;
  }
  throw new Error('the call was not refused');
}

describe('unary', () => {
  it('gives the handler its context, and counts the call', async () => {
    const seen: Record<string, unknown> = {};
    const handle = (_: object, context: CallContext): Promise<GetJwksResponse> => {
      seen['method'] = context.method;
      seen['requestId'] = context.requestId;
      seen['credential'] = callerCredential(context.metadata);
      seen['peer'] = context.peerAddress;
      seen['remaining'] = context.remainingMs() > 4000 && context.remainingMs() <= 5000;
      seen['aborted'] = context.signal.aborted;
      seen['certificate'] = context.certificate;
      return Promise.resolve({ jwksJson: 'x' });
    };
    const { registry } = await start({ handle }, 'lgk_key');
    const metadata = new Metadata();
    metadata.set('x-request-id', 'given-1');
    expect(await call(metadata)).toEqual({ jwksJson: 'x' });
    expect(seen).toMatchObject({
      method,
      requestId: 'given-1',
      credential: 'lgk_key',
      remaining: true,
      aborted: false,
      certificate: undefined,
    });
    expect(['::1', '127.0.0.1', '::ffff:127.0.0.1']).toContain(seen['peer']);
    expect(await registry.metrics()).toContain(
      `ledgate_grpc_call_seconds_count{method="${method}",code="OK"} 1`,
    );
  });

  it('carries a failure with its details to the caller', async () => {
    const failure = invalid({ field: 'login_name', description: 'too long' });
    await start({ handle: () => Promise.reject(failure) });
    const error = await refusal();
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(error.details).toBe('login_name: too long');
    const [details] = error.metadata.get('grpc-status-details-bin');
    expect(Status.decode(details as Buffer).details.map((any) => any.typeUrl)).toEqual([
      'type.googleapis.com/google.rpc.ErrorInfo',
      'type.googleapis.com/google.rpc.BadRequest',
    ]);
  });

  it.each([
    ['a rejection', () => Promise.reject(new Error('hunter2 in the cause'))],
    [
      'a synchronous throw',
      () => {
        throw new TypeError('hunter2 in the cause');
      },
    ],
  ])('hides %s and logs its cause with the request id', async (_, handle) => {
    const { logged } = await start({ handle });
    const error = await refusal();
    expect(error.code).toBe(status.INTERNAL);
    expect(JSON.stringify([error.details, error.metadata])).not.toContain('hunter2');
    const line = JSON.parse(logged.find((text) => text.includes('call failed')) ?? '{}') as object;
    expect(line).toMatchObject({
      level: 'error',
      method,
      err: { message: 'hunter2 in the cause' },
    });
    const [details] = error.metadata.get('grpc-status-details-bin');
    expect(String(details)).toContain((line as { requestId: string }).requestId);
  });

  it('keeps parallel refusals apart (Ory v26.2.5)', async () => {
    const shared = new Failure('NOT_FOUND', 'not there');
    await start({ handle: () => Promise.reject(shared) });
    const ids = Array.from({ length: 50 }, (_, i) => `request-${i}`);
    const errors = await Promise.all(
      ids.map((id) => {
        const metadata = new Metadata();
        metadata.set('x-request-id', id);
        return refusal(metadata);
      }),
    );
    errors.forEach((error, i) => {
      const text = String(error.metadata.get('grpc-status-details-bin')[0]);
      expect(text.match(/request-\d+/g)).toEqual([ids[i]]);
    });
  });

  it('aborts the signal at the deadline, with the reason', async () => {
    let reason: unknown;
    const handle = async (_: object, { signal }: CallContext): Promise<GetJwksResponse> => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reason = signal.reason;
      throw reason as Error;
    };
    await start({ handle });
    const error = await refusal(new Metadata(), 100);
    expect(error.code).toBe(status.DEADLINE_EXCEEDED);
    await expect.poll(() => reason, soon).toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  });

  it('aborts the signal when the caller cancels', async () => {
    let reason: unknown;
    let began = false;
    const handle = async (_: object, { signal }: CallContext): Promise<GetJwksResponse> => {
      began = true;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reason = signal.reason;
      throw reason as Error;
    };
    await start({ handle });
    const pending = running?.client.getJwks({}, () => undefined);
    await expect.poll(() => began, soon).toBe(true);
    pending?.cancel();
    await expect.poll(() => reason, soon).toMatchObject({ reason: 'CANCELLED' });
  });

  it('refuses an answer beyond the limit instead of sending it', async () => {
    const handle = () => Promise.resolve({ jwksJson: 'x'.repeat(5 << 20) });
    await start({ handle });
    expect((await refusal()).code).toBe(status.RESOURCE_EXHAUSTED);
  });
});
