import {
  Metadata,
  status,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { callerCredential } from '#libs/grpc/caller-credential.js';
import { givenTraceparent } from '#libs/grpc/unary.js';
import type { Call } from '#services/authorizer/app/call.js';

type Listener = Parameters<ServerInterceptingCallInterface['start']>[0];
type EndStatus = Parameters<ServerInterceptingCallInterface['sendStatus']>[0];

/**
 * Answers a whole request message with a whole response message: at once where it can, by a promise
 * where it must wait. The bytes of an answer given at once are copied before the handler runs again.
 */
export type DirectHandler = (request: Buffer, call: Call) => Uint8Array | Promise<Uint8Array>;

export interface DirectMethod {
  readonly handle: DirectHandler;
  /** Status for what `handle` threw or rejected with; logs and counts it. */
  readonly refuse: (thrown: unknown, metadata: Metadata) => EndStatus;
}

/**
 * The short way for unary calls from memory: the methods named here (by path) are answered on the
 * call itself, without grpc-js's own handler, which makes a stream object for every unary call. All
 * else goes on as usual. Deadlines, message sizes and cancellation are those of grpc-js.
 */
export function directUnary(methods: ReadonlyMap<string, DirectMethod>): ServerInterceptor {
  // grpc-js accepts whatever has the methods of a call; its type asks for its own class.
  return (definition, call) => {
    const method = methods.get(definition.path);
    if (method === undefined) return call as ReturnType<ServerInterceptor>;
    return new DirectUnaryCall(call, method) as unknown as ReturnType<ServerInterceptor>;
  };
}

const noHeaders = Object.freeze({});

/** No metadata is sent: one object, which nobody changes, for all calls. */
class NoMetadata extends Metadata {
  override clone(): Metadata {
    return this;
  }
  override toHttp2Headers(): ReturnType<Metadata['toHttp2Headers']> {
    return noHeaders;
  }
}

const noMetadata = new NoMetadata();
const ok: EndStatus = { code: status.OK, details: 'OK', metadata: noMetadata };

class DirectUnaryCall implements ServerInterceptingCallInterface, Listener, Call {
  readonly #call: ServerInterceptingCallInterface;
  readonly #method: DirectMethod;
  #metadata: Metadata = noMetadata;
  #request: Buffer | undefined;

  constructor(call: ServerInterceptingCallInterface, method: DirectMethod) {
    this.#call = call;
    this.#method = method;
  }

  // -- towards the handler

  get header(): string {
    return headerOf(this.#metadata);
  }

  bearer(): string | undefined {
    return callerCredential(this.#metadata);
  }

  deadlineMs(): number {
    return Number(this.#call.getDeadline());
  }

  traceparent(): string {
    return givenTraceparent(this.#metadata);
  }

  // -- what the call hears

  onReceiveMetadata(metadata: Metadata): void {
    this.#metadata = metadata;
    this.#call.startRead();
  }

  onReceiveMessage(message: Buffer): void {
    if (this.#request !== undefined) return this.#end(unimplemented('a second request message'));
    this.#request = message;
    this.#call.startRead();
  }

  onReceiveHalfClose(): void {
    if (this.#request === undefined) return this.#end(unimplemented('no request message'));
    try {
      const answer = this.#method.handle(this.#request, this);
      if (answer instanceof Uint8Array) this.#answer(answer);
      else answer.then((bytes) => this.#answer(bytes)).catch((thrown) => this.#refuse(thrown));
    } catch (thrown) {
      this.#refuse(thrown);
    }
  }

  onCancel(): void {
    // Nothing runs that could be stopped: a wait ends by itself, and its answer goes nowhere.
  }

  #answer(bytes: Uint8Array): void {
    const call = this.#call;
    call.sendMetadata(noMetadata);
    call.sendMessage(bytes, () => call.sendStatus(ok));
  }

  #refuse(thrown: unknown): void {
    this.#end(this.#method.refuse(thrown, this.#metadata));
  }

  #end(status: EndStatus): void {
    this.#call.sendStatus(status);
  }

  // -- what grpc-js's own handler would use: it is told nothing, so it does nothing

  start(): void {
    this.#call.start(this);
  }
  sendMetadata(): void {}
  sendMessage(): void {}
  sendStatus(): void {}
  startRead(): void {}

  getPeer(): string {
    return this.#call.getPeer();
  }
  getDeadline(): ReturnType<ServerInterceptingCallInterface['getDeadline']> {
    return this.#call.getDeadline();
  }
  getHost(): string {
    return this.#call.getHost();
  }
  getAuthContext(): ReturnType<ServerInterceptingCallInterface['getAuthContext']> {
    return this.#call.getAuthContext();
  }
  getConnectionInfo(): ReturnType<ServerInterceptingCallInterface['getConnectionInfo']> {
    return this.#call.getConnectionInfo();
  }
  getMetricsRecorder(): ReturnType<ServerInterceptingCallInterface['getMetricsRecorder']> {
    return this.#call.getMetricsRecorder();
  }
}

/** The whole header, when there is exactly one. */
export function headerOf(metadata: Metadata): string {
  const values = metadata.get('authorization');
  const [value] = values;
  return values.length === 1 && typeof value === 'string' ? value : '';
}

function unimplemented(what: string): EndStatus {
  return { code: status.UNIMPLEMENTED, details: `${what} came for a unary method`, metadata: null };
}
