import { Metadata, status, type Client } from '@grpc/grpc-js';
import { type Clock } from '#libs/runtime/clock.js';
import { brokenAnswer, LedgateError } from '#libs/client/ledgate-error.js';
import { type Channels } from '#libs/client/rpc/channels.js';
import { errorOfStatus } from '#libs/client/rpc/error-of-status.js';
import { withRetries, type RetryBudget } from '#libs/client/rpc/retry.js';

/** The part of a generated method definition that a call needs. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (value: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** API key or access token of the calling service, or where to get it for each call. */
export type CallerCredential = string | (() => string | Promise<string>);

export interface RpcContext {
  readonly channels: Channels;
  readonly credential: CallerCredential;
  readonly clock: Clock;
  readonly random: () => number;
  readonly budget: RetryBudget;
}

async function metadataFor(credential: CallerCredential): Promise<Metadata> {
  let text: string;
  try {
    text = typeof credential === 'string' ? credential : await credential();
  } catch (cause) {
    throw new LedgateError('UNDECIDED', 'The credential provider failed', {
      reason: 'NO_CALLER_CREDENTIAL',
      cause,
    });
  }
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw new LedgateError('CALLER_REFUSED', 'The credential of this service is malformed', {
      reason: 'BAD_CALLER_CREDENTIAL',
    });
  }
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${text}`);
  return metadata;
}

function callOnce<Request, Response>(
  client: Client,
  method: Method<Request, Response>,
  request: Request,
  metadata: Metadata,
  deadline: number,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest<Request, Response>(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      metadata,
      { deadline },
      (error, response) => {
        if (error) reject(errorOfStatus(error));
        else if (response === undefined) reject(brokenAnswer('is empty'));
        else resolve(response);
      },
    );
  });
}

/** Calls of the authorizer: credential, deadline, turn-taking between addresses, retries. */
export class Rpc {
  readonly #context: RpcContext;
  #running = 0;
  #whenIdle: (() => void) | undefined;

  constructor(context: RpcContext) {
    this.#context = context;
  }

  /** When a call that starts now must be answered (monotonic clock, milliseconds). */
  deadlineIn(deadlineMs: number): number {
    return this.#context.clock.monotonicMs() + deadlineMs;
  }

  async call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    deadlineAtMs: number,
  ): Promise<Response> {
    this.#running += 1;
    try {
      const metadata = await metadataFor(this.#context.credential);
      const attempt = () => this.#attempt(method, request, metadata, deadlineAtMs);
      return await withRetries(attempt, deadlineAtMs, this.#context);
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#whenIdle?.();
    }
  }

  /** Closes the channels as soon as no call is running. */
  async close(): Promise<void> {
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    this.#context.channels.close();
  }

  /** With several addresses one that hangs gets half of the time left; the next one the rest. */
  async #attempt<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    metadata: Metadata,
    deadlineAtMs: number,
  ): Promise<Response> {
    const { channels, clock } = this.#context;
    const leftMs = deadlineAtMs - clock.monotonicMs();
    const share = channels.count > 1 && leftMs > 20 ? leftMs / 2 : leftMs;
    const client = channels.pick();
    try {
      const deadline = clock.wallMs() + Math.max(1, share);
      return await callOnce(client, method, request, metadata.clone(), deadline);
    } catch (error) {
      const cutShort = share < leftMs && clock.monotonicMs() < deadlineAtMs;
      if (!cutShort || !(error instanceof LedgateError)) throw error;
      if (error.reason !== status[status.DEADLINE_EXCEEDED]) throw error;
      channels.avoid(client);
      throw error.copy({ retryable: true });
    }
  }
}
