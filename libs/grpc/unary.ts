import { status, type handleUnaryCall, type Metadata, type ServerUnaryCall } from '@grpc/grpc-js';
import { Failure } from '#libs/errors/failure.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Ids } from '#libs/runtime/ids.js';
import type { Logger } from '#libs/runtime/log.js';
import type { Span, Tracer } from '#libs/runtime/tracer.js';
import type { CallMetrics } from './call-metrics.js';
import { peerIdentityOf, type PeerIdentity } from './peer-identity.js';
import { isOurFault, statusOf, refusalLevel } from './status-of.js';

/** What a handler knows of its call. */
export interface CallContext {
  /** `/package.Service/Method`. */
  readonly method: string;
  /** The caller's `x-request-id` when it is well formed, else a new one. */
  readonly requestId: string;
  /** Aborted when the caller cancels or its deadline passes, with a Failure as the reason. */
  readonly signal: AbortSignal;
  /** Milliseconds until the caller's deadline, not below 0; Infinity without one. */
  remainingMs(): number;
  readonly metadata: Metadata;
  /** `traceparent` of this call's span, or else as the caller sent it; `''`: none. */
  readonly traceparent: string;
  /** Address of the peer without its port. */
  readonly peerAddress: string;
  readonly certificate: PeerIdentity | undefined;
  /** Logs with the request id and the method. */
  readonly log: Logger;
}

export interface UnaryWiring {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly metrics: CallMetrics;
  /** Absent: no spans. */
  readonly tracer?: Tracer | undefined;
}

type Call = Pick<
  ServerUnaryCall<unknown, unknown>,
  'cancelled' | 'getAuthContext' | 'getDeadline' | 'getPath' | 'getPeer' | 'metadata' | 'once'
>;

/** A grpc-js handler from an async function: whatever it throws goes through `statusOf`. */
export function unary<Request, Response>(
  wiring: UnaryWiring,
  handle: (request: Request, context: CallContext) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  const { clock, metrics } = wiring;
  return (call, callback) => {
    const startedMs = clock.monotonicMs();
    const context = new ServedCall(call, wiring);
    const answer = async (): Promise<void> => {
      let code = status.OK;
      try {
        const response = await handle(call.request, context);
        callback(null, response);
      } catch (thrown) {
        const error = statusOf(thrown, context.requestId);
        code = error.code;
        logRefusal(context, thrown, code);
        callback(error);
      }
      const traceId = context.endSpan(code);
      metrics.observe(context.method, code, clock.monotonicMs() - startedMs, traceId);
    };
    void answer();
  };
}

/** Our own faults with their cause; what callers bring about at the level of `refusalLevel`. */
export function logRefusal(context: CallContext, thrown: unknown, code: status): void {
  if (isOurFault(thrown)) context.log.error({ err: thrown }, 'call failed');
  else if (code === status.UNAVAILABLE) context.log.warn({ err: thrown }, 'call not possible now');
  else if (context.log.isLevelEnabled(refusalLevel(code))) {
    const reason = thrown instanceof Failure ? thrown.reason : 'INTERNAL';
    context.log[refusalLevel(code)]({ reason }, 'call refused');
  }
}

/** The context of a call that grpc-js serves: everything but the method is made when it is asked for. */
export class ServedCall implements CallContext {
  readonly method: string;
  readonly #call: Call;
  readonly #wiring: UnaryWiring;
  readonly #span: Span | undefined;
  #requestId: string | undefined;
  #abort: AbortController | undefined;
  #log: Logger | undefined;

  constructor(call: Call, wiring: UnaryWiring) {
    this.method = call.getPath();
    this.#call = call;
    this.#wiring = wiring;
    this.#span = wiring.tracer && startSpan(wiring.tracer, this.method, call.metadata);
  }

  get requestId(): string {
    this.#requestId ??= givenRequestId(this.#call.metadata) ?? this.#wiring.ids.short();
    return this.#requestId;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#call.cancelled) this.#cancel();
      else this.#call.once('cancelled', () => this.#cancel());
    }
    return this.#abort.signal;
  }

  remainingMs(): number {
    const deadline = Number(this.#call.getDeadline());
    return Math.max(0, deadline - this.#wiring.clock.wallMs());
  }

  get traceparent(): string {
    return this.#span?.traceparent ?? givenTraceparent(this.#call.metadata);
  }

  /** Trace id of the span, if there is one. */
  endSpan(code: status): string | undefined {
    this.#span?.end(code === status.OK ? undefined : status[code]);
    return this.#span?.traceId;
  }

  get metadata(): Metadata {
    return this.#call.metadata;
  }

  get peerAddress(): string {
    const peer = this.#call.getPeer();
    const colon = peer.lastIndexOf(':');
    return colon < 0 ? peer : peer.slice(0, colon);
  }

  get certificate(): PeerIdentity | undefined {
    return peerIdentityOf(this.#call);
  }

  get log(): Logger {
    const { method, requestId } = this;
    this.#log ??= this.#wiring.log.child({ requestId, method });
    return this.#log;
  }

  #cancel(): void {
    const late = this.remainingMs() === 0;
    const reason = late
      ? new Failure('DEADLINE_EXCEEDED', 'the deadline of the call passed')
      : new Failure('CANCELLED', 'the caller cancelled the call');
    this.#abort?.abort(reason);
  }
}

/** A caller's own id goes into logs and answers, so only harmless text is taken over. */
export function givenRequestId(metadata: Metadata): string | undefined {
  const [value] = metadata.get('x-request-id');
  return typeof value === 'string' && /^[A-Za-z0-9._:-]{1,64}$/.test(value) ? value : undefined;
}

/** The caller's `traceparent` as it stands; whoever uses it parses it. */
export function givenTraceparent(metadata: Metadata): string {
  const [value] = metadata.get('traceparent');
  return typeof value === 'string' ? value : '';
}

/** The span of a call that is served; `method` is `/package.Service/Method`. */
export function startSpan(tracer: Tracer, method: string, metadata: Metadata): Span | undefined {
  return tracer.start({
    name: method.slice(1),
    kind: 'SERVER',
    traceparent: givenTraceparent(metadata),
    attributes: { 'rpc.system': 'grpc' },
  });
}
