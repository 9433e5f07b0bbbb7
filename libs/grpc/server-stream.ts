import { once } from 'node:events';
import { status, type handleServerStreamingCall, type ServerWritableStream } from '@grpc/grpc-js';
import { Failure } from '#libs/errors/failure.js';
import type { Clock } from '#libs/runtime/clock.js';
import { statusOf } from './status-of.js';
import { logRefusal, ServedCall, type CallContext, type UnaryWiring } from './unary.js';

export interface StreamWiring extends UnaryWiring {
  /** Aborted when the server shuts down: open streams then tell their callers to connect again. */
  readonly closing: AbortSignal;
}

/** What a handler of a stream knows of its call. */
export interface StreamContext extends CallContext {
  /** Ends the stream with a failure, also while its caller takes nothing. */
  end(failure: unknown): void;
}

/** A caller that takes nothing for this long is told to connect again: it holds places of others. */
const stalledMs = 60_000;

/**
 * Answers of a stream, one after the other. A caller that takes nothing halts the generator: at most
 * what grpc-js buffers (16 messages) is made ahead of it.
 */
export type StreamHandler<Request, Response> = (
  request: Request,
  context: StreamContext,
) => AsyncIterable<Response>;

/**
 * A grpc-js handler from an async generator, with the wiring of `unary`. The stream ends with what
 * the generator throws, by `statusOf`; when the caller cancels or its deadline passes the generator
 * is returned from at its next turn, and its context's signal is aborted at once. At shutdown the
 * stream ends with NOT_READY (UNAVAILABLE, retryable).
 */
export function serverStream<Request, Response>(
  wiring: StreamWiring,
  handle: StreamHandler<Request, Response>,
): handleServerStreamingCall<Request, Response> {
  const { clock, metrics, closing } = wiring;
  return (call) => {
    const startedMs = clock.monotonicMs();
    const context = new StreamedCall(call, wiring);
    const run = async (): Promise<void> => {
      let code = status.OK;
      try {
        if (closing.aborted) throw shuttingDown();
        await pump(call, handle(call.request, context), context, clock);
        call.end();
      } catch (thrown) {
        const error = statusOf(thrown, context.requestId);
        code = error.code;
        logRefusal(context, thrown, code);
        call.emit('error', error);
      }
      context.ended();
      context.endSpan(code);
      metrics.observe(context.method, code, clock.monotonicMs() - startedMs);
    };
    void run();
  };
}

async function pump<Response>(
  call: ServerWritableStream<unknown, Response>,
  answers: AsyncIterable<Response>,
  context: StreamedCall,
  clock: Clock,
): Promise<void> {
  const { signal } = context;
  for await (const answer of answers) {
    signal.throwIfAborted();
    if (!call.write(answer)) {
      const cancel = clock.after(stalledMs, () => context.end(stalled()));
      await once(call, 'drain', { signal }).catch(() => undefined);
      cancel();
    }
    signal.throwIfAborted();
  }
  signal.throwIfAborted();
}

/** Its signal is aborted by a shutdown of the server too. */
class StreamedCall extends ServedCall implements StreamContext {
  // One controller and no AbortSignal.any: what that makes may be collected before it is aborted.
  readonly #stop = new AbortController();
  readonly #closing: AbortSignal;
  readonly #onClosing = (): void => this.#stop.abort(shuttingDown());

  constructor(call: ServerWritableStream<unknown, unknown>, wiring: StreamWiring) {
    super(call, wiring);
    this.#closing = wiring.closing;
    this.#closing.addEventListener('abort', this.#onClosing, { once: true });
    const cancelled = super.signal;
    const cancel = (): void => this.#stop.abort(cancelled.reason);
    if (cancelled.aborted) cancel();
    else cancelled.addEventListener('abort', cancel, { once: true });
  }

  override get signal(): AbortSignal {
    return this.#stop.signal;
  }

  end(failure: unknown): void {
    this.#stop.abort(failure);
  }

  ended(): void {
    this.#closing.removeEventListener('abort', this.#onClosing);
  }
}

function stalled(): Failure {
  const text = 'nothing of this stream was taken for a minute: go on from the last event you have';
  return new Failure('OVERLOADED', text, { retryAfterMs: 1_000 });
}

function shuttingDown(): Failure {
  return new Failure(
    'NOT_READY',
    'this instance is shutting down: connect again, to any instance',
    {
      retryAfterMs: 250,
    },
  );
}
